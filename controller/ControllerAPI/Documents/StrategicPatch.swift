// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Strategic merge patches of namespaces, the one kind of ours that Kubernetes's clients know the Go type of and
/// therefore patch so. A namespace has mappings, which merge as in RFC 7386, and lists of texts, which are sets.
/// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
enum StrategicPatch {
    static func applied(_ patch: ManifestNode, to target: ManifestNode?) -> ManifestNode {
        guard let changes = patch.entries else { return patch }
        if patch["$patch"]?.text == "replace" { return withoutDirectives(patch) }
        var result = target?.isMapping == true ? target ?? .emptyMap : .emptyMap
        for change in changes where !change.key.hasPrefix("$") {
            if change.value.isNull || change.value["$patch"]?.text == "delete" {
                result.set(change.key, nil)
            } else if let added = change.value.items, let old = result[change.key]?.items {
                let new = added.filter { item in !old.contains { JSONPatch.isEqual($0, item) } }
                result.set(change.key, .list(old + new))
            } else {
                result.set(change.key, applied(change.value, to: result[change.key]))
            }
        }
        let marker = "$deleteFromPrimitiveList/"
        for change in changes where change.key.hasPrefix(marker) {
            let key = String(change.key.dropFirst(marker.count))
            let gone = change.value.items ?? []
            guard let old = result[key]?.items else { continue }
            result.set(key, .list(old.filter { item in !gone.contains { JSONPatch.isEqual($0, item) } }))
        }
        return result
    }

    private static func withoutDirectives(_ node: ManifestNode) -> ManifestNode {
        ManifestNode(.mapping((node.entries ?? []).filter { !$0.key.hasPrefix("$") }))
    }
}
