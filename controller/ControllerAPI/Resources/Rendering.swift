// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Stored documents as clients get them.
enum Rendering {
    /// Throws an internal error when what is stored is no JSON.
    static func tree(_ document: StoredDocument) throws(StatusError) -> ManifestNode {
        do throws(ValidationFailure) {
            return completed(try JSONDocument.read(document.json), document.key.kind)
        } catch {
            throw .internalError("the store holds \(document.key) in a form that cannot be read")
        }
    }

    /// The phase of a namespace follows from its deletion time, so that nobody has to write it.
    static func completed(_ tree: ManifestNode, _ kind: ResourceKind) -> ManifestNode {
        guard kind == .namespace else { return tree }
        var tree = tree
        let isGoing = tree.at(["metadata", "deletionTimestamp"]) != nil
        let phase: NamespaceStatus.Phase = isGoing ? .terminating : .active
        tree.set(["status", "phase"], .text(phase.rawValue))
        return tree
    }

    /// The document as JSON; what is stored is sent as it is.
    static func json(_ document: StoredDocument) throws(StatusError) -> [UInt8] {
        guard document.key.kind == .namespace else { return document.json }
        return Array(JSONDocument.compact(try tree(document)).utf8)
    }

    static func partial(_ tree: ManifestNode) -> ManifestNode {
        .map([
            "kind": .text("PartialObjectMetadata"), "apiVersion": .text("meta.k8s.io/v1"),
            "metadata": tree["metadata"] ?? .emptyMap,
        ])
    }

    /// A list in front of its items, which are JSON already.
    static func list(
        kind: String, groupVersion: String, version: String, continuation: String?, remaining: Int?,
        items: [[UInt8]]
    ) -> [UInt8] {
        let metadata = ManifestNode.map([
            "resourceVersion": .text(version), "continue": continuation.map(ManifestNode.text),
            "remainingItemCount": remaining.map(ManifestNode.number),
        ])
        let head = """
            {"apiVersion":"\(groupVersion)","kind":"\(kind)","metadata":\(JSONDocument.compact(metadata)),"items":[
            """
        var bytes = Array(head.utf8)
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += item
        }
        bytes += Array("]}".utf8)
        return bytes
    }
}
