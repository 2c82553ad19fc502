// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import ResourceClient

/// Which resources are meant, beyond kind and namespace.
package struct Selection: Sendable, Equatable {
    package var labels: LabelSelector?
    package var fields: FieldSelector?

    /// All of them.
    package init() {}

    /// Just the one of that name.
    package static func named(_ name: String) throws(CommandFailure) -> Selection {
        var selection = Selection()
        selection.fields = try FieldSelector("metadata.name=" + name)
        return selection
    }

    /// Whether the resource is among them.
    package func takes(_ resource: some Resource) -> Bool {
        if let labels, !labels.matches(resource.metadata.labels ?? [:]) { return false }
        return fields?.matches(resource) ?? true
    }

    /// The same as a server is asked.
    var onServer: ListSelection { ListSelection(labelSelector: labels?.text, fieldSelector: fields?.text) }
}
