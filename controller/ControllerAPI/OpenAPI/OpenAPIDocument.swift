// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// The OpenAPI documents. They are made once.
enum OpenAPIDocument {
    static let core = document3(ServedResource.inCoreGroup)
    static let rebound = document3(ServedResource.inReboundGroup)
    static let version2 = document2(ServedResource.inCoreGroup + ServedResource.inReboundGroup)
    /// The same for clients that read it as Protocol Buffers only: kubectl up to 1.27.
    static let version2Protobuf = OpenAPIProtobuf.encoded(version2)

    /// Clients ask for it with an `@` before `v1.0`, which no media type may have (RFC 6838 section 4.2).
    static let protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    static func answer(_ wanted: Route.OpenAPI, _ request: APIRequest) throws(StatusError) -> APIAnswer {
        switch wanted {
        case .index: return .json(index)
        case .version3Core: return .json(core)
        case .version3Rebound: return .json(rebound)
        case .version2:
            let isProtobuf = ["@", "."].contains { request.accept.contains("proto-openapi.spec.v2\($0)v1.0+protobuf") }
            guard isProtobuf, !request.accept.hasPrefix("application/json") else { return .json(version2) }
            return APIAnswer(status: 200, contentType: protobufType, body: .bytes(version2Protobuf))
        }
    }

    private static let index = ManifestNode.map([
        "paths": .map([
            "api/v1": .map(["serverRelativeURL": .text("/openapi/v3/api/v1?hash=\(hash(core))")]),
            "apis/\(ServedResource.group)/v1": .map([
                "serverRelativeURL": .text("/openapi/v3/apis/\(ServedResource.group)/v1?hash=\(hash(rebound))")
            ]),
        ])
    ])

    /// FNV-1a (RFC 9923), 64 bits: clients keep a document until its hash changes.
    private static func hash(_ document: ManifestNode) -> String {
        let value = JSONDocument.compact(document).utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return String(value, radix: 16)
    }

    private static let info = ManifestNode.map([
        "title": .text("Rebound"), "version": .text("v1"),
        "description": .text("Chaos experiments as declared resources, by the conventions of Kubernetes."),
    ])

    private static func schemas(_ resources: [ServedResource], _ dialect: OpenAPIDialect) -> OpenAPISchemas {
        var schemas = OpenAPISchemas(dialect)
        schemas.addShared()
        for resource in resources { schemas.add(resource) }
        return schemas
    }

    private static func paths(
        _ resources: [ServedResource], _ write: (APIOperation) -> ManifestNode
    ) -> ManifestNode {
        var paths: [(String, ManifestNode)] = []
        for operation in resources.flatMap({ APIOperations(resource: $0).all }) {
            let index = paths.firstIndex { $0.0 == operation.path } ?? paths.count
            if index == paths.count { paths.append((operation.path, .emptyMap)) }
            paths[index].1.set(operation.method, write(operation))
        }
        return .map(pairs: paths)
    }

    private static func document3(_ resources: [ServedResource]) -> ManifestNode {
        .map([
            "openapi": .text("3.0.0"), "info": info, "paths": paths(resources, OperationWriter3.operation),
            "components": .map([
                "schemas": schemas(resources, .version3).sorted, "responses": OperationWriter3.responses,
                "securitySchemes": .map([
                    "token": .map(["type": .text("http"), "scheme": .text("bearer")])
                ]),
            ]), "security": .list([.map(["token": .list([])])]),
        ])
    }

    private static func document2(_ resources: [ServedResource]) -> ManifestNode {
        .map([
            "swagger": .text("2.0"), "info": info, "paths": paths(resources, OperationWriter2.operation),
            "definitions": schemas(resources, .version2).sorted,
        ])
    }
}

/// Operations in OpenAPI 3.0.
enum OperationWriter3 {
    /// The one response that all refusals have.
    private static let refused = "Refused"
    static let responses = ManifestNode.map(pairs: [
        (refused, answer("Refused, and why.", SchemaNames.status, "application/json"))
    ])

    static func operation(_ operation: APIOperation) -> ManifestNode {
        let inPath = operation.pathParameters.map {
            parameter(APIOperation.Parameter(name: $0, doc: "The \($0)."), "path", required: true)
        }
        let inQuery = operation.query.map { parameter($0, "query", required: false) }
        var answers = operation.answers.map { answer -> (String, ManifestNode) in
            (String(answer.code), self.answer("Done.", answer.schema, operation.answerType))
        }
        answers += operation.refusals.map { (String($0), .map(["$ref": .text("#/components/responses/\(refused)")])) }
        return .map([
            "operationId": .text(operation.id), "description": .text(operation.doc),
            "tags": .texts([operation.resource.plural]), "parameters": .list(inPath + inQuery),
            "requestBody": operation.body.map(body), "responses": .map(pairs: answers),
            "x-kubernetes-action": .text(operation.action),
            "x-kubernetes-group-version-kind": OpenAPISchemas.identityOf(operation.resource, operation.resource.kind),
        ])
    }

    private static func schema(_ name: String?) -> ManifestNode {
        name.map { OpenAPISchemas(.version3).plainReference(to: $0) } ?? .map(["type": .text("object")])
    }

    private static func parameter(
        _ parameter: APIOperation.Parameter, _ place: String, required: Bool
    ) -> ManifestNode {
        .map([
            "name": .text(parameter.name), "in": .text(place), "description": .text(parameter.doc),
            "required": required ? .boolean(true) : nil,
            "schema": .map([
                "type": .text(parameter.type), "minimum": parameter.type == "integer" ? .number(0) : nil,
                "enum": parameter.words.map { .texts($0 + [""]) },
            ]),
        ])
    }

    private static func body(_ body: APIOperation.Body) -> ManifestNode {
        // What has a schema of its own cannot be left out; options and reasons can.
        let isNeeded = body.schema != nil && body.schema != SchemaNames.deleteOptions
        return .map([
            "required": isNeeded ? .boolean(true) : nil,
            "content": .map(pairs: body.types.map { ($0, .map(["schema": schema(body.schema, of: $0)])) }),
        ])
    }

    /// RFC 6902: a list, which the schema that Kubernetes has for all patches does not say.
    private static func schema(_ name: String?, of type: String) -> ManifestNode {
        guard type == "application/json-patch+json" else { return schema(name) }
        let words = ["add", "copy", "move", "remove", "replace", "test"]
        let operation = ManifestNode.map([
            "type": .text("object"), "required": .texts(["op", "path"]),
            "properties": .map([
                "op": .map(["type": .text("string"), "enum": .texts(words)]), "path": .map(["type": .text("string")]),
                "from": .map(["type": .text("string")]), "value": .emptyMap,
            ]),
        ])
        return .map(["type": .text("array"), "items": operation])
    }

    private static func answer(_ doc: String, _ name: String?, _ type: String) -> ManifestNode {
        .map([
            "description": .text(doc),
            "content": .map(pairs: [
                (
                    type,
                    .map([
                        "schema": name == nil && type != "application/json"
                            ? .map(["type": .text("string")]) : schema(name)
                    ])
                )
            ]),
        ])
    }
}

/// Operations in OpenAPI 2.0.
enum OperationWriter2 {
    static func operation(_ operation: APIOperation) -> ManifestNode {
        var parameters = operation.pathParameters.map { parameter($0, "path", "string", "The \($0).", required: true) }
        parameters += operation.query.map { parameter($0.name, "query", $0.type, $0.doc, required: false) }
        if let body = operation.body {
            parameters.append(
                .map([
                    "name": .text("body"), "in": .text("body"), "schema": schema(body.schema),
                ]))
        }
        let answers = operation.answers.map { answer -> (String, ManifestNode) in
            (String(answer.code), .map(["description": .text("Done."), "schema": schema(answer.schema)]))
        }
        return .map([
            "operationId": .text(operation.id), "description": .text(operation.doc),
            "consumes": operation.body.map { .texts($0.types) }, "produces": .texts([operation.answerType]),
            "parameters": .list(parameters), "responses": .map(pairs: answers),
            "x-kubernetes-action": .text(operation.action),
            "x-kubernetes-group-version-kind": OpenAPISchemas.identityOf(operation.resource, operation.resource.kind),
        ])
    }

    private static func schema(_ name: String?) -> ManifestNode {
        name.map { OpenAPISchemas(.version2).plainReference(to: $0) } ?? .map(["type": .text("object")])
    }

    private static func parameter(
        _ name: String, _ place: String, _ type: String, _ doc: String, required: Bool
    ) -> ManifestNode {
        .map([
            "name": .text(name), "in": .text(place), "description": .text(doc),
            "required": required ? .boolean(true) : nil, "type": .text(type),
        ])
    }
}
