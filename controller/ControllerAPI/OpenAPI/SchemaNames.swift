// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// The names that schemas have in the OpenAPI documents. Kubernetes's own types have Kubernetes's names, by which its
/// clients know them.
enum SchemaNames {
    static let meta = "io.k8s.apimachinery.pkg.apis.meta.v1."
    static let ours = "chaos.rebound.v1."

    static let objectMeta = meta + "ObjectMeta"
    static let listMeta = meta + "ListMeta"
    static let status = meta + "Status"
    static let deleteOptions = meta + "DeleteOptions"
    static let patch = meta + "Patch"
    static let event = "io.k8s.api.core.v1.Event"

    static func kind(_ resource: ServedResource) -> String {
        resource.group.isEmpty ? "io.k8s.api.core.v1." + resource.kind : ours + resource.kind
    }

    static func list(_ resource: ServedResource) -> String { kind(resource) + "List" }

    /// An object of ours; those within what Rebound writes may be empty where others may not.
    static func object(_ schema: ObjectSchema, allowsEmpty: Bool) -> String {
        if ["Metadata", "RunMetadata"].contains(schema.name) { return objectMeta }
        return ours + (allowsEmpty && !schema.allowsEmpty ? "Reported" : "") + schema.name
    }
}
