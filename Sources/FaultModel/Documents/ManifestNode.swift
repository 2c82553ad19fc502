// SPDX-License-Identifier: Apache-2.0

/// A place in a text; both count from 1, and 0 means unknown.
package struct ManifestPosition: Sendable, Equatable {
    package var line: Int
    package var column: Int
    package static let unknown = Self(line: 0, column: 0)

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A value as it was written, with its place. Numbers stay text, so that none is rounded or reread.
package struct ManifestNode: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case mapping([Entry])
        case sequence([ManifestNode])
        case text(String)
        /// A plain JSON number, as written.
        case number(String)
        case boolean(Bool)
        case null
        /// Something that readers of YAML disagree about, such as `yes` or `0x10`; never accepted.
        case ambiguous(String, reason: String)
    }

    /// A key with its value.
    package struct Entry: Sendable, Equatable {
        package var key: String
        package var position: ManifestPosition
        package var value: ManifestNode

        package init(key: String, position: ManifestPosition = .unknown, value: ManifestNode) {
            self.key = key
            self.position = position
            self.value = value
        }
    }

    package var content: Content
    package var position: ManifestPosition

    package init(_ content: Content, position: ManifestPosition = .unknown) {
        self.content = content
        self.position = position
    }
}

extension ManifestNode {
    package var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
    package var items: [ManifestNode]? { if case .sequence(let items) = content { items } else { nil } }
    package var text: String? { if case .text(let text) = content { text } else { nil } }
    package var boolean: Bool? { if case .boolean(let value) = content { value } else { nil } }
    package var numberText: String? { if case .number(let text) = content { text } else { nil } }
    package var integer: Int? { numberText.flatMap { Int($0) } }
    package var decimal: Double? { numberText.flatMap { Double($0) } }
    package var duration: Duration? { text.flatMap { WrittenDuration($0)?.duration } }

    /// The value under a key of a mapping; nil for anything else.
    package subscript(_ key: String) -> ManifestNode? { entries?.first { $0.key == key }?.value }

    /// How the value was written, for messages.
    package var written: String {
        switch content {
        case .text(let text): "\"\(text)\""
        case .number(let text), .ambiguous(let text, _): text
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        case .mapping(let entries): entries.isEmpty ? "{}" : "{ \(entries[0].key): … }"
        case .sequence(let items): items.isEmpty ? "[]" : "a list of \(items.count)"
        }
    }

    /// What it is, for messages.
    package var kindOfValue: String {
        switch content {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .text: "a text"
        case .number: "a number"
        case .boolean: "true or false"
        case .null: "an empty value"
        case .ambiguous: "an ambiguous value"
        }
    }
}
