// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// The schema against the types: a field that one of them has and the other has not fails here.
@Suite("The schema and the types")
struct SchemaCompletenessTests {
    @Test("a resource with every field set is read back the same")
    func everyField() throws {
        try check(FullResources.experiment, ManifestDocument.experiment)
        try check(FullResources.run, ManifestDocument.run)
        try check(FullResources.policy, ManifestDocument.policy)
        try check(FullResources.schedule, ManifestDocument.schedule)
        try check(FullResources.host, ManifestDocument.host)
        try check(FullResources.namespace, ManifestDocument.namespace)
        try check(FullResources.roleBinding, ManifestDocument.roleBinding)
        try check(FullResources.clusterRoleBinding, ManifestDocument.clusterRoleBinding)
        for (undo, action) in FullResources.undone {
            try check(FullResources.injection(undo, action), ManifestDocument.injection)
        }
    }

    private func check<R: Resource>(_ resource: R, _ document: (R) -> ManifestDocument) throws {
        #expect(try ManifestReader.read(try ManifestWriter.json(resource)) == [document(resource)])
        #expect(try ManifestReader.read(try ManifestWriter.yaml(resource)) == [document(resource)])
    }

    @Test("in those resources every field of the schema is written, but for the alternatives")
    func everySchemaField() throws {
        var written: [String: Set<String>] = [:]
        try collect(FullResources.experiment, into: &written)
        try collect(FullResources.run, into: &written)
        try collect(FullResources.policy, into: &written)
        try collect(FullResources.schedule, into: &written)
        try collect(FullResources.host, into: &written)
        try collect(FullResources.namespace, into: &written)
        try collect(FullResources.roleBinding, into: &written)
        try collect(FullResources.clusterRoleBinding, into: &written)
        for (undo, action) in FullResources.undone {
            try collect(FullResources.injection(undo, action), into: &written)
        }
        // These exclude the ones that are written.
        let alternatives: [String: Set<String>] = [
            "Pick": ["count", "percent", "oldest", "newest"], "BodyMatch": ["equals", "regex"],
            "ScheduleSpec": ["cron", "meanTimeBetween", "jitter"],
            "Gate": Set(ProbeKind.keys).subtracting(["tcp"]),
        ]
        for kind in ResourceKind.allCases {
            for schema in objects(in: ResourceSchema.schema(for: kind)) {
                let missing = Set(schema.fields.map(\.name)).subtracting(written[schema.name] ?? [])
                #expect(missing.subtracting(alternatives[schema.name] ?? []) == [], "\(schema.name)")
            }
        }
    }

    private func collect<R: Resource>(_ resource: R, into written: inout [String: Set<String>]) throws {
        let tree = try #require(JSONReader.read(try ManifestWriter.json(resource)).documents.first)
        collect(tree, .object(ResourceSchema.schema(for: R.kind)), into: &written)
    }

    private func collect(_ node: ManifestNode, _ type: SchemaType, into written: inout [String: Set<String>]) {
        guard let schema = type.objectInside else { return }
        for item in node.items ?? [] { collect(item, type, into: &written) }
        for entry in node.entries ?? [] {
            written[schema.name, default: []].insert(entry.key)
            if let field = schema.field(entry.key) { collect(entry.value, field.type, into: &written) }
        }
    }

    private func objects(in schema: ObjectSchema) -> [ObjectSchema] {
        [schema] + schema.fields.compactMap(\.type.objectInside).flatMap(objects)
    }
}
