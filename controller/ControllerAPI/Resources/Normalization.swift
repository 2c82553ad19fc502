// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Brings what clients send into the form that manifests have, before it is checked: what the server sets is taken out,
/// and so are the empty values that Go's clients write without meaning anything by them.
struct Normalization {
    let target: ResourceTarget
    /// Set by `fieldValidation`: strict unless the client asked for less.
    let validation: FieldValidation
    private(set) var warnings: [String] = []

    init(target: ResourceTarget, validation: FieldValidation) {
        self.target = target
        self.validation = validation
    }

    /// Throws a bad request when the document is not of the kind, namespace and name that the path says.
    mutating func normalized(_ document: ManifestNode) throws(StatusError) -> ManifestNode {
        var tree = document
        try checkKind(tree)
        if tree["metadata"] == nil || tree["metadata"]?.isNull == true { tree.set("metadata", .emptyMap) }
        guard var metadata = tree["metadata"], metadata.isMapping else {
            throw .badRequest("metadata must be a mapping")
        }
        for key in ["managedFields", "selfLink", "generation", "creationTimestamp", "deletionTimestamp"] {
            metadata.set(key, nil)
        }
        metadata.set("deletionGracePeriodSeconds", nil)
        for entry in metadata.entries ?? [] where Self.isEmpty(entry.value) { metadata.set(entry.key, nil) }
        try place(&metadata)
        prune(&metadata, within: "metadata")
        tree.set("metadata", metadata)
        if tree["status"].map(Self.isEmpty) == true { tree.set("status", nil) }
        if target.resource.stored == .namespace, tree["spec"].map(Self.isEmpty) == true { tree.set("spec", nil) }
        return tree
    }

    private func checkKind(_ tree: ManifestNode) throws(StatusError) {
        guard tree.isMapping else { throw .badRequest("the body must be one resource, not \(tree.kindOfValue)") }
        let resource = target.resource
        guard let kind = tree["kind"]?.text, let version = tree["apiVersion"]?.text else {
            throw .badRequest(
                "the body must say what it is: apiVersion: \(resource.groupVersion) and kind: \(resource.kind)")
        }
        guard kind == resource.kind, version == resource.groupVersion else {
            throw .badRequest(
                "the path is for \(resource.kind) of \(resource.groupVersion), and the body is "
                    + "\(Quoted.text(kind)) of \(Quoted.text(version))")
        }
    }

    /// Null, and empty lists, mappings and texts.
    private static func isEmpty(_ node: ManifestNode) -> Bool {
        switch node.content {
        case .null: true
        case .mapping(let entries): entries.isEmpty
        case .sequence(let items): items.isEmpty
        case .text(let text): text.isEmpty
        case .number, .boolean, .ambiguous: false
        }
    }

    /// The name and the namespace are those of the path.
    private func place(_ metadata: inout ManifestNode) throws(StatusError) {
        if let name = target.name {
            if let written = metadata["name"]?.text, written != name {
                throw .badRequest(
                    "the name of the object (\(Quoted.text(written))) is not the one in the path "
                        + "(\(Quoted.text(name)))")
            }
            metadata.set("name", .text(name))
        }
        guard let namespace = target.namespace else { return }
        if let written = metadata["namespace"]?.text, written != namespace {
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request: "
                    + "\(Quoted.text(written)) is not \(Quoted.text(namespace))")
        }
        metadata.set("namespace", .text(namespace))
    }

    /// With less than strict validation, unknown fields of metadata are dropped. Those of a spec never are: dropping a
    /// misspelt limit would widen what may be harmed.
    private mutating func prune(_ metadata: inout ManifestNode, within path: String) {
        guard validation != .strict, let kind = target.resource.stored,
            case .object(let schema)? = ResourceSchema.schema(for: kind).field("metadata")?.type
        else { return }
        for entry in metadata.entries ?? [] where schema.field(entry.key) == nil {
            metadata.set(entry.key, nil)
            if validation == .warn { warnings.append("unknown field \"\(path).\(entry.key)\"") }
        }
    }
}

/// What is done about fields that nobody knows.
enum FieldValidation: String, Sendable {
    case strict = "Strict", warn = "Warn", ignore = "Ignore"

    init(_ query: QueryParameters) throws(StatusError) {
        guard let text = query["fieldValidation"] else {
            self = .strict
            return
        }
        guard let value = FieldValidation(rawValue: text) else {
            throw .badRequest("fieldValidation must be Strict, Warn or Ignore, not \(Quoted.text(text))")
        }
        self = value
    }
}
