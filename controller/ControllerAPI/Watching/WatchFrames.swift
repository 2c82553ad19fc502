// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// The events of a watch as lines of JSON.
struct WatchFrames: Sendable {
    let resource: ServedResource
    let form: Acceptance.Form
    let table: TableWriter

    func event(_ type: String, _ document: StoredDocument) throws(StatusError) -> [UInt8] {
        switch form {
        case .table:
            return line(type, try table.table([document], resource, version: document.resourceVersion))
        case .partial: return line(type, Rendering.partial(try Rendering.tree(document)))
        default:
            return Array("{\"type\":\"\(type)\",\"object\":".utf8) + (try Rendering.json(document)) + Array("}\n".utf8)
        }
    }

    /// Says how far the watch has come, in an object that holds nothing else.
    func bookmark(
        _ version: String, _ kind: ResourceKind, endsInitialEvents: Bool
    ) throws(StatusError) -> [UInt8] {
        let annotations = ManifestNode.map(["k8s.io/initial-events-end": .text("true")])
        let metadata = ManifestNode.map([
            "resourceVersion": .text(version), "creationTimestamp": .null,
            "annotations": endsInitialEvents ? annotations : nil,
        ])
        switch form {
        case .table: return line("BOOKMARK", table.table([], resource, version: version, withColumns: false))
        case .partial:
            return line(
                "BOOKMARK",
                .map([
                    "kind": .text("PartialObjectMetadata"), "apiVersion": .text("meta.k8s.io/v1"),
                    "metadata": metadata,
                ]))
        default:
            return line(
                "BOOKMARK",
                .map([
                    "kind": .text(resource.kind), "apiVersion": .text(resource.groupVersion), "metadata": metadata,
                ]))
        }
    }

    func failure(_ error: StatusError) -> [UInt8] { line("ERROR", error.document) }

    func line(_ type: String, _ object: ManifestNode) -> [UInt8] {
        Array((JSONDocument.compact(.map(["type": .text(type), "object": object])) + "\n").utf8)
    }
}
