// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// An OpenAPI 2.0 document as Protocol Buffers. The numbers of the fields are those of gnostic's `OpenAPIv2.proto`
/// (https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto), which kubectl reads.
enum OpenAPIProtobuf {
    static func encoded(_ document: ManifestNode) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.text(1, document["swagger"]?.text ?? "")
        writer.message(2) { info in
            info.text(1, document.at(["info", "title"])?.text ?? "")
            info.text(2, document.at(["info", "version"])?.text ?? "")
        }
        writer.message(8) { paths in
            for path in document["paths"]?.entries ?? [] { paths.message(2) { named(&$0, path) { pathItem(&$0, $1) } } }
        }
        writer.message(9) { definitions in
            for definition in document["definitions"]?.entries ?? [] {
                definitions.message(1) { named(&$0, definition) { schema(&$0, $1) } }
            }
        }
        return writer.bytes
    }

    /// A name with its value: how maps are written there.
    private static func named(
        _ writer: inout ProtobufWriter, _ entry: ManifestNode.Entry,
        _ write: (inout ProtobufWriter, ManifestNode) -> Void
    ) {
        writer.text(1, entry.key)
        writer.message(2) { write(&$0, entry.value) }
    }

    private static let methods = ["get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8]

    private static func pathItem(_ writer: inout ProtobufWriter, _ item: ManifestNode) {
        for entry in item.entries ?? [] {
            guard let field = methods[entry.key] else { continue }
            writer.message(field) { operation(&$0, entry.value) }
        }
    }

    private static func operation(_ writer: inout ProtobufWriter, _ operation: ManifestNode) {
        writer.text(3, operation["description"]?.text ?? "")
        writer.text(5, operation["operationId"]?.text ?? "")
        for type in operation["produces"]?.items ?? [] { writer.text(6, type.text ?? "") }
        for type in operation["consumes"]?.items ?? [] { writer.text(7, type.text ?? "") }
        for parameter in operation["parameters"]?.items ?? [] {
            writer.message(8) { item in item.message(1) { self.parameter(&$0, parameter) } }
        }
        writer.message(9) { responses in
            for answer in operation["responses"]?.entries ?? [] {
                responses.message(1) { writer in
                    named(&writer, answer) { value, node in
                        value.message(1) { response in
                            response.text(1, node["description"]?.text ?? "")
                            response.message(2) { item in item.message(1) { schema(&$0, node["schema"] ?? .emptyMap) } }
                        }
                    }
                }
            }
        }
        extensions(&writer, 13, operation)
    }

    private static func parameter(_ writer: inout ProtobufWriter, _ parameter: ManifestNode) {
        let (name, doc) = (parameter["name"]?.text ?? "", parameter["description"]?.text ?? "")
        switch parameter["in"]?.text {
        case "body":
            writer.message(1) { body in
                body.text(2, name)
                body.text(3, "body")
                body.message(5) { schema(&$0, parameter["schema"] ?? .emptyMap) }
            }
        case "path":
            writer.message(2) { other in
                other.message(4) { path in
                    path.boolean(1, true)
                    path.text(2, "path")
                    path.text(3, doc)
                    path.text(4, name)
                    path.text(5, parameter["type"]?.text ?? "string")
                }
            }
        default:
            writer.message(2) { other in
                other.message(3) { query in
                    query.text(2, "query")
                    query.text(3, doc)
                    query.text(4, name)
                    query.text(6, parameter["type"]?.text ?? "string")
                }
            }
        }
    }

    private static func schema(_ writer: inout ProtobufWriter, _ schema: ManifestNode) {
        if let reference = schema["$ref"]?.text { writer.text(1, reference) }
        if let format = schema["format"]?.text { writer.text(2, format) }
        if let doc = schema["description"]?.text { writer.text(4, doc) }
        for name in schema["required"]?.items ?? [] { writer.text(19, name.text ?? "") }
        if let inner = schema["additionalProperties"] {
            writer.message(21) { item in item.message(1) { self.schema(&$0, inner) } }
        }
        if let type = schema["type"]?.text { writer.message(22) { $0.text(1, type) } }
        if let items = schema["items"] {
            writer.message(23) { item in item.message(1) { self.schema(&$0, items) } }
        }
        if let properties = schema["properties"]?.entries {
            writer.message(25) { writer in
                for property in properties { writer.message(1) { named(&$0, property) { self.schema(&$0, $1) } } }
            }
        }
        extensions(&writer, 31, schema)
    }

    /// Values of extensions are YAML, which JSON is.
    private static func extensions(_ writer: inout ProtobufWriter, _ field: Int, _ node: ManifestNode) {
        for entry in node.entries ?? [] where entry.key.hasPrefix("x-") {
            writer.message(field) { named in
                named.text(1, entry.key)
                named.message(2) { $0.text(2, JSONDocument.compact(entry.value)) }
            }
        }
    }
}
