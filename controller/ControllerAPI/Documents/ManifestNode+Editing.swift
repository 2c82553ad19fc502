// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Building and editing JSON trees.
extension ManifestNode {
    static func text(_ value: String) -> ManifestNode { ManifestNode(.text(value)) }
    static func number(_ value: Int) -> ManifestNode { ManifestNode(.number(String(value))) }
    static func boolean(_ value: Bool) -> ManifestNode { ManifestNode(.boolean(value)) }
    static func list(_ items: [ManifestNode]) -> ManifestNode { ManifestNode(.sequence(items)) }
    static func texts(_ items: [String]) -> ManifestNode { .list(items.map(ManifestNode.text)) }
    static let emptyMap = ManifestNode(.mapping([]))
    static let null = ManifestNode(.null)

    /// A mapping in this order; entries without a value are left out.
    static func map(_ entries: KeyValuePairs<String, ManifestNode?>) -> ManifestNode {
        ManifestNode(.mapping(entries.compactMap { key, value in value.map { Entry(key: key, value: $0) } }))
    }

    /// A mapping from pairs that were computed.
    static func map(pairs: [(String, ManifestNode)]) -> ManifestNode {
        ManifestNode(.mapping(pairs.map { Entry(key: $0.0, value: $0.1) }))
    }

    var isNull: Bool { content == .null }
    var isMapping: Bool { entries != nil }

    /// Sets or, with nil, removes a key of a mapping; anything else becomes a mapping first when there is a value.
    mutating func set(_ key: String, _ value: ManifestNode?) {
        var entries = self.entries ?? []
        let index = entries.firstIndex { $0.key == key }
        switch (index, value) {
        case (let index?, let value?): entries[index].value = value
        case (let index?, nil): entries.remove(at: index)
        case (nil, let value?): entries.append(Entry(key: key, value: value))
        case (nil, nil): return
        }
        content = .mapping(entries)
    }

    /// Sets or removes what lies at a path of keys, making the mappings on the way.
    mutating func set(_ path: [String], _ value: ManifestNode?) {
        guard let key = path.first else { return }
        guard path.count > 1 else { return set(key, value) }
        var inner = self[key] ?? .emptyMap
        if value == nil, self[key] == nil { return }
        inner.set(Array(path.dropFirst()), value)
        set(key, inner)
    }

    /// What lies at a path of keys.
    func at(_ path: [String]) -> ManifestNode? {
        path.reduce(Optional(self)) { node, key in node?[key] }
    }

    /// A text, number or truth value as field selectors see it; nil for anything else.
    var scalarText: String? { text ?? numberText ?? boolean.map { $0 ? "true" : "false" } }
}
