// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Writes `Table` of `meta.k8s.io`, which is what `kubectl get` shows.
struct TableWriter {
    enum IncludedObject: String { case none = "None", metadata = "Metadata", object = "Object" }

    let version: String
    let included: IncludedObject
    let now: Timestamp

    init(_ request: APIRequest, now: Timestamp) throws(StatusError) {
        self.now = now
        let wanted = request.query["includeObject"] ?? IncludedObject.metadata.rawValue
        guard let included = IncludedObject(rawValue: wanted) else {
            throw .badRequest("includeObject must be None, Metadata or Object, not \(Quoted.text(wanted))")
        }
        self.included = included
        let asked = Acceptance(request.accept).ranges.first { $0.parameters["as"] == Acceptance.Form.table.rawValue }
        version = asked?.parameters["v"] ?? "v1"
    }

    func table(
        _ documents: [StoredDocument], _ resource: ServedResource, version: String, next: String? = nil
    ) throws(StatusError) -> ManifestNode {
        var rows: [ManifestNode] = []
        for document in documents { rows.append(try row(document)) }
        return table(rows, resource, version: version, next: next)
    }

    /// One resource that was just written.
    func table(_ tree: ManifestNode, _ resource: ServedResource) throws(StatusError) -> ManifestNode {
        let version = tree.at(["metadata", "resourceVersion"])?.text ?? ""
        return table([try row(tree, resource)], resource, version: version)
    }

    func table(
        _ rows: [ManifestNode], _ resource: ServedResource, version: String, next: String? = nil,
        withColumns: Bool = true
    ) -> ManifestNode {
        let columns = withColumns ? TableColumns.of(resource).map(\.definition) : []
        return .map([
            "kind": .text("Table"), "apiVersion": .text("meta.k8s.io/" + self.version),
            "metadata": .map(["resourceVersion": .text(version), "continue": next.map(ManifestNode.text)]),
            "columnDefinitions": .list(columns), "rows": .list(rows),
        ])
    }

    private func row(_ document: StoredDocument) throws(StatusError) -> ManifestNode {
        do {
            let resource = try JSONDocument.resource(document.key.kind, document.json)
            return row(try Rendering.tree(document), TableColumns.cells(resource, now: now))
        } catch {
            throw .internalError("the store holds \(document.key) in a form that cannot be read")
        }
    }

    func row(_ tree: ManifestNode, _ resource: ServedResource) throws(StatusError) -> ManifestNode {
        guard let kind = resource.stored else { return row(tree, EventColumns.cells(tree, now: now)) }
        do {
            let document = try JSONDocument.resource(kind, Array(JSONDocument.compact(tree).utf8))
            return row(tree, TableColumns.cells(document, now: now))
        } catch {
            throw .internalError("a \(resource.kind) cannot be shown as a table")
        }
    }

    private func row(_ tree: ManifestNode, _ cells: [ManifestNode]) -> ManifestNode {
        var object: ManifestNode? {
            switch included {
            case .none: nil
            case .metadata: Rendering.partial(tree)
            case .object: tree
            }
        }
        return .map(["cells": .list(cells), "object": object])
    }
}
