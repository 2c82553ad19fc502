// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// JSON Merge Patch (RFC 7386).
enum MergePatch {
    /// The target with the patch applied. Null removes a key; a list is replaced as a whole.
    static func applied(_ patch: ManifestNode, to target: ManifestNode?) -> ManifestNode {
        guard let changes = patch.entries else { return patch }
        var result = target?.isMapping == true ? target ?? .emptyMap : .emptyMap
        for change in changes {
            if change.value.isNull {
                result.set(change.key, nil)
            } else {
                result.set(change.key, applied(change.value, to: result[change.key]))
            }
        }
        return result
    }
}
