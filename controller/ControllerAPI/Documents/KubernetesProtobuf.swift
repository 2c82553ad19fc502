// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Bodies in Kubernetes's Protocol Buffers, which kubectl from 1.32 on sends for the kinds that it knows the Go types
/// of. Of those we serve namespaces, reviews of access, and the options of a deletion. The numbers of the fields are
/// those of `generated.proto` in k8s.io/api and k8s.io/apimachinery; the envelope is described at
/// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding-idl.
enum KubernetesProtobuf {
    static let mediaType = "application/vnd.kubernetes.protobuf"
    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    /// What a field holds.
    indirect enum Field {
        case text(String), flag(String), number(String), texts(String), map(String)
        case message(String, [Int: Field]), messages(String, [Int: Field])
    }

    /// The body as the JSON would be. Throws a bad request for anything that is not one of the kinds above.
    static func read(_ body: [UInt8]) throws(StatusError) -> ManifestNode {
        guard body.starts(with: magic) else { throw malformed }
        let envelope = try fields(body[magic.count...], [1: .message("type", typeMeta)])
        let raw = try ProtobufReader.all(body[magic.count...]).first { $0.number == 2 }?.bytes ?? []
        let (version, kind) = (envelope.at(["type", "apiVersion"])?.text, envelope.at(["type", "kind"])?.text)
        guard let version, let kind, let schema = kinds[kind] else {
            throw .badRequest(
                "a \(Quoted.text(envelope.at(["type", "kind"])?.text ?? "")) is not read as Protocol Buffers here; "
                    + "send JSON")
        }
        var tree = ManifestNode.map(["apiVersion": .text(version), "kind": .text(kind)])
        for entry in try fields(raw, schema).entries ?? [] { tree.set(entry.key, entry.value) }
        return tree
    }

    private static let malformed = StatusError.badRequest("the body is no Kubernetes Protocol Buffers message")

    // MARK: Schemas

    private static let typeMeta: [Int: Field] = [1: .text("apiVersion"), 2: .text("kind")]

    private static let metadata: [Int: Field] = [
        1: .text("name"), 2: .text("generateName"), 3: .text("namespace"), 5: .text("uid"),
        6: .text("resourceVersion"), 11: .map("labels"), 12: .map("annotations"),
        13: .messages(
            "ownerReferences",
            [
                1: .text("kind"), 3: .text("name"), 4: .text("uid"), 5: .text("apiVersion"), 6: .flag("controller"),
                7: .flag("blockOwnerDeletion"),
            ]), 14: .texts("finalizers"),
    ]

    private static let attributes: [Int: Field] = [
        1: .text("namespace"), 2: .text("verb"), 3: .text("group"), 4: .text("version"), 5: .text("resource"),
        6: .text("subresource"), 7: .text("name"),
    ]

    private static let kinds: [String: [Int: Field]] = [
        "Namespace": [1: .message("metadata", metadata), 2: .message("spec", [1: .texts("finalizers")])],
        "SelfSubjectAccessReview": [
            1: .message("metadata", metadata),
            2: .message(
                "spec",
                [
                    1: .message("resourceAttributes", attributes),
                    2: .message("nonResourceAttributes", [1: .text("path"), 2: .text("verb")]),
                ]),
        ],
        "SelfSubjectRulesReview": [
            1: .message("metadata", metadata), 2: .message("spec", [1: .text("namespace")]),
        ],
        "DeleteOptions": [
            1: .number("gracePeriodSeconds"),
            2: .message("preconditions", [1: .text("uid"), 2: .text("resourceVersion")]),
            3: .flag("orphanDependents"), 4: .text("propagationPolicy"), 5: .texts("dryRun"),
        ],
    ]

    // MARK: Reading

    private static func fields(
        _ bytes: ArraySlice<UInt8>, _ schema: [Int: Field]
    ) throws(StatusError) -> ManifestNode {
        var tree = ManifestNode.emptyMap
        for part in try ProtobufReader.all(bytes) {
            guard let field = schema[part.number] else { continue }  // One that has no meaning here.
            switch field {
            case .text(let key): tree.set(key, .text(try part.text()))
            case .flag(let key): tree.set(key, .boolean(part.integer != 0))
            case .number(let key): tree.set(key, .number(Int(truncatingIfNeeded: part.integer)))
            case .texts(let key):
                tree.set(key, .list((tree[key]?.items ?? []) + [.text(try part.text())]))
            case .message(let key, let inner): tree.set(key, try fields(part.bytes, inner))
            case .messages(let key, let inner):
                tree.set(key, .list((tree[key]?.items ?? []) + [try fields(part.bytes, inner)]))
            case .map(let key):
                let entry = try fields(part.bytes, [1: .text("key"), 2: .text("value")])
                var map = tree[key] ?? .emptyMap
                map.set(entry["key"]?.text ?? "", entry["value"] ?? .text(""))
                tree.set(key, map)
            }
        }
        return tree
    }
}

/// The parts of one message, unread (https://protobuf.dev/programming-guides/encoding/).
struct ProtobufReader {
    struct Part {
        var number: Int
        var integer: UInt64 = 0
        var bytes: ArraySlice<UInt8> = []

        func text() throws(StatusError) -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badRequest("a text in the body is not UTF-8")
            }
            return text
        }
    }

    private var rest: ArraySlice<UInt8>
    private static let mostParts = 10_000

    /// Throws a bad request for a message that is cut off, broken, or larger than any that is meant well.
    static func all(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> [Part] {
        var reader = ProtobufReader(rest: bytes)
        var parts: [Part] = []
        while !reader.rest.isEmpty {
            guard parts.count < mostParts, let part = reader.part() else {
                throw .badRequest("the body is no Protocol Buffers message")
            }
            parts.append(part)
        }
        return parts
    }

    private mutating func part() -> Part? {
        guard let tag = variable(), let number = Int(exactly: tag >> 3), number > 0 else { return nil }
        var part = Part(number: number)
        switch tag & 7 {
        case 0:
            guard let value = variable() else { return nil }
            part.integer = value
        case 1, 5:
            guard take(tag & 7 == 1 ? 8 : 4) != nil else { return nil }
        case 2:
            guard let length = variable().flatMap({ Int(exactly: $0) }), let bytes = take(length) else { return nil }
            part.bytes = bytes
        default: return nil
        }
        return part
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func variable() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
