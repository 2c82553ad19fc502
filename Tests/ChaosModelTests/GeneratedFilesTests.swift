// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// The files under `docs` that are made from the schema. REBOUND_WRITE_DOCS=1 writes them anew.
@Suite("Generated files")
struct GeneratedFilesTests {
    @Test("the reference page says what the schema says", arguments: ResourceKind.allCases)
    func referencePage(kind: ResourceKind) throws {
        try compare("docs/reference/\(ReferencePage.fileName(for: kind))", with: ReferencePage.text(for: kind))
    }

    @Test("the page of the controller's configuration says what its schema says")
    func configurationPage() throws {
        try compare("docs/reference/controllerconfiguration.md", with: ReferencePage.controllerConfiguration)
    }

    @Test("the JSON Schema says what the schema says", arguments: ResourceKind.allCases)
    func jsonSchema(kind: ResourceKind) throws {
        try compare("docs/schemas/\(JSONSchemaDocument.fileName(for: kind))", with: JSONSchemaDocument.text(for: kind))
    }

    @Test("every reference in a JSON Schema leads somewhere", arguments: ResourceKind.allCases)
    func references(kind: ResourceKind) throws {
        let tree = try #require(JSONReader.read(JSONSchemaDocument.text(for: kind)).documents.first)
        let names = Set((tree["$defs"]?.entries ?? []).map(\.key))
        let used = references(in: tree)
        #expect(!used.isEmpty)
        #expect(used.subtracting(names.map { "#/$defs/\($0)" }) == [])
    }

    private func compare(_ path: String, with text: String) throws {
        if ProcessInfo.processInfo.environment["REBOUND_WRITE_DOCS"] == "1" {
            try text.write(to: ExampleFiles.root.appending(path: path), atomically: true, encoding: .utf8)
        }
        let committed = try ExampleFiles.repositoryText(path)
        #expect(committed == text, "\(path) is old: run the tests with REBOUND_WRITE_DOCS=1")
    }

    private func references(in node: ManifestNode) -> Set<String> {
        var found: Set<String> = []
        for entry in node.entries ?? [] {
            if entry.key == "$ref", let target = entry.value.text { found.insert(target) }
            found.formUnion(references(in: entry.value))
        }
        for item in node.items ?? [] { found.formUnion(references(in: item)) }
        return found
    }
}
