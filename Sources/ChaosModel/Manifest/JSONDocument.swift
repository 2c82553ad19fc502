// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// JSON texts as trees and back, for those who handle resources without knowing their kind: the API.
package enum JSONDocument {
    /// The one tree of a JSON text. Throws every problem at once: not UTF-8, not JSON, a key written twice, bounds.
    package static func read(_ bytes: some Collection<UInt8>) throws(ValidationFailure) -> ManifestNode {
        try one(bytes) { text in
            if let problem = TextBounds.problem(in: text) { return ([], [problem]) }
            return JSONReader.read(text)
        }
    }

    /// The one tree of a YAML text, in the strict form that manifests have. Throws as `read` does.
    package static func readYAML(_ bytes: some Collection<UInt8>) throws(ValidationFailure) -> ManifestNode {
        try one(bytes) { text in
            let (trees, problems) = ManifestReader.trees(of: text)
            return (trees, problems)
        }
    }

    /// The tree on one line.
    package static func compact(_ node: ManifestNode) -> String { JSONText.compact(node) }

    private static func one(
        _ bytes: some Collection<UInt8>, _ read: (String) -> (documents: [ManifestNode], problems: [Problem])
    ) throws(ValidationFailure) -> ManifestNode {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationFailure(problems: [Problem(path: "", message: "the text is not UTF-8")], file: "-")
        }
        let (documents, problems) = read(text)
        guard problems.isEmpty else { throw ValidationFailure(problems: problems, file: "-") }
        guard let tree = documents.first, documents.count == 1 else {
            let found = documents.isEmpty ? "no document" : "\(documents.count) documents"
            throw ValidationFailure(
                problems: [Problem(path: "", message: "\(found) where one was expected")], file: "-")
        }
        return tree
    }
}

extension JSONDocument {
    /// A resource that was checked before it was stored. Throws what the decoder throws.
    package static func resource(_ kind: ResourceKind, _ json: [UInt8]) throws -> ManifestDocument {
        switch kind {
        case .experiment: .experiment(try decode(json))
        case .run: .run(try decode(json))
        case .injection: .injection(try decode(json))
        case .schedule: .schedule(try decode(json))
        case .policy: .policy(try decode(json))
        case .host: .host(try decode(json))
        case .namespace: .namespace(try decode(json))
        case .roleBinding: .roleBinding(try decode(json))
        case .clusterRoleBinding: .clusterRoleBinding(try decode(json))
        }
    }

    private static func decode<R: Resource>(_ json: [UInt8]) throws -> R {
        try JSONDecoder().decode(R.self, from: Data(json))
    }
}
