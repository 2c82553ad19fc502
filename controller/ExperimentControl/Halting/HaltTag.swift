// SPDX-License-Identifier: Apache-2.0

/// The tag by which anybody who may tag an instance or a group halts everything, with no tool of ours.
package enum HaltTag {
    /// Any value means it.
    package static let key = "rebound:halt"

    static func words(on name: String) -> String { "\(EffectivePolicy.haltWords)the tag \(key) on \(name)" }
}

extension Inventory {
    /// What of it carries the tag.
    var haltTagged: [String] {
        groups.filter { $0.tags[HaltTag.key] != nil }.map(\.name)
            + instances.filter { $0.tags[HaltTag.key] != nil }.map(\.id)
    }
}
