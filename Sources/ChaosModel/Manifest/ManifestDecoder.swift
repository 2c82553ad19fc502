// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Turns a checked tree into a resource.
///
/// The tree is written as JSON text and read by the standard decoder: numbers keep their digits, and the types need to
/// know one format only.
enum ManifestDecoder {
    static func document(from tree: ManifestNode) -> Result<ManifestDocument, ValidationFailure> {
        do {
            let kind = tree["kind"]?.text.flatMap(ResourceKind.init(rawValue:))
            switch kind {
            case .experiment: return .success(.experiment(try decode(tree)))
            case .run: return .success(.run(try decode(tree)))
            case .injection: return .success(.injection(try decode(tree)))
            case .schedule: return .success(.schedule(try decode(tree)))
            case .policy: return .success(.policy(try decode(tree)))
            case .host: return .success(.host(try decode(tree)))
            case .namespace: return .success(.namespace(try decode(tree)))
            case .roleBinding: return .success(.roleBinding(try decode(tree)))
            case .clusterRoleBinding: return .success(.clusterRoleBinding(try decode(tree)))
            case nil: return failure(Problem(path: "kind", message: "unknown kind", position: tree.position))
            }
        } catch let error as DecodingError {
            return failure(problem(from: error, in: tree))
        } catch {
            return failure(Problem(path: "", message: "\(error)", position: tree.position))
        }
    }

    private static func decode<R: Resource>(_ tree: ManifestNode) throws -> R {
        try JSONDecoder().decode(R.self, from: Data(JSONText.compact(tree).utf8))
    }

    private static func failure(_ problem: Problem) -> Result<ManifestDocument, ValidationFailure> {
        .failure(ValidationFailure(problems: [problem], file: "-"))
    }

    /// The schema should have seen it before; if it did not, the operator still learns where and what.
    private static func problem(from error: DecodingError, in tree: ManifestNode) -> Problem {
        let context =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: DecodingError.Context(codingPath: [], debugDescription: "\(error)")
            }
        let path = context.codingPath.reduce("") { path, key in
            key.intValue.map { "\(path)[\($0)]" } ?? SchemaCheck.join(path, key.stringValue)
        }
        return Problem(path: path, message: context.debugDescription, position: tree.position)
    }
}
