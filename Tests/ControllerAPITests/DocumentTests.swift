// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ControllerAPI

@Suite("Discovery, tables and OpenAPI")
struct DocumentTests {
    @Test("every stored kind is served, listed and described once", arguments: ResourceKind.allCases)
    func kinds(kind: ResourceKind) {
        let resource = ServedResource.of(kind)
        #expect(resource.kind == kind.rawValue)
        #expect(resource.groupVersion == kind.apiVersion)
        let all = ServedResource.inReboundGroup + ServedResource.inCoreGroup
        #expect(all.filter { $0.plural == kind.plural }.count == 1)
    }

    @Test("no short name means two kinds")
    func shortNames() {
        let all = ServedResource.inReboundGroup + ServedResource.inCoreGroup
        let names = all.flatMap { $0.shortNames + [$0.plural, $0.singular] }
        #expect(Set(names).count == names.count)
    }

    @Test("each reference of each OpenAPI document leads to a schema")
    func references() {
        for document in [OpenAPIDocument.core, OpenAPIDocument.rebound, OpenAPIDocument.version2] {
            let schemas = document.at(["components", "schemas"]) ?? document["definitions"]
            let responses = document.at(["components", "responses"])
            let known = Set(((schemas?.entries ?? []) + (responses?.entries ?? [])).map(\.key))
            let used = Self.references(in: document)
            #expect(!used.isEmpty && used.subtracting(known).isEmpty)
        }
    }

    private static func references(in node: ManifestNode) -> Set<String> {
        var found: Set<String> = []
        for entry in node.entries ?? [] {
            if entry.key == "$ref", let target = entry.value.text, let name = target.split(separator: "/").last {
                found.insert(String(name))
            }
            found.formUnion(references(in: entry.value))
        }
        for item in node.items ?? [] { found.formUnion(references(in: item)) }
        return found
    }

    @Test("no two operations have one name")
    func operations() {
        let all = (ServedResource.inReboundGroup + ServedResource.inCoreGroup).flatMap {
            APIOperations(resource: $0).all
        }
        #expect(Set(all.map(\.id)).count == all.count)
        #expect(all.allSatisfy { Route(path: $0.path.split(separator: "/").map(String.init)) != nil })
    }

    @Test(
        "ages are written as kubectl writes them",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (190, "3m10s"), (600, "10m"), (10_799, "179m"), (10_800, "3h"),
            (18_720, "5h12m"), (28_800, "8h"), (172_800, "2d"), (176_400, "2d1h"), (691_200, "8d"), (63_072_000, "2y"),
        ])
    func ages(seconds: Int, text: String) { #expect(HumanDuration.text(.seconds(seconds)) == text) }

    @Test("what was written as Protocol Buffers is read back")
    func protobuf() throws {
        var namespace = ProtobufWriter()
        namespace.message(1) { metadata in
            metadata.text(1, "team")
            metadata.message(11) { label in
                label.text(1, "of")
                label.text(2, "web")
            }
            metadata.text(14, "a")
            metadata.text(14, "b")
        }
        var body = ProtobufWriter()
        body.message(1) { type in
            type.text(1, "v1")
            type.text(2, "Namespace")
        }
        let raw = namespace.bytes
        body.text(2, String(decoding: raw, as: UTF8.self))
        let tree = try KubernetesProtobuf.read([0x6B, 0x38, 0x73, 0x00] + body.bytes)
        let metadata = #"{"name":"team","labels":{"of":"web"},"finalizers":["a","b"]}"#
        let wanted = #"{"apiVersion":"v1","kind":"Namespace","metadata":\#(metadata)}"#
        #expect(JSONDocument.compact(tree) == wanted)
    }

    @Test("a message that is cut off anywhere is refused or means less, and never more")
    func cutProtobuf() throws {
        var body = ProtobufWriter()
        body.message(1) { type in
            type.text(1, "v1")
            type.text(2, "Namespace")
        }
        let whole = [0x6B, 0x38, 0x73, 0x00] + body.bytes
        for length in 0..<whole.count {
            #expect(throws: StatusError.self) { try KubernetesProtobuf.read(Array(whole.prefix(length))) }
        }
        #expect(try KubernetesProtobuf.read(whole)["kind"]?.text == "Namespace")
    }
}
