// SPDX-License-Identifier: Apache-2.0
package import FaultModel

/// What it takes to put a host back, as it was written before anything was done.
package struct UndoRecord: Sendable, Equatable {
    package var id: String
    /// The life of the kernel that the fault belongs to.
    package var bootID: String
    package var written: Timestamp
    /// When the fault ends at the latest, on the monotonic clock of that life.
    package var deadline: MonotonicInstant
    /// What it holds alone, such as `network:eth0`: two injections never hold the same.
    package var resources: [String]
    /// The kind of fault; the journal knows none of them.
    package var kind: String
    /// What the fault needs for its revert, in its own form, which it checks when it reads it back.
    package var undo: ManifestNode

    package init(
        id: String, bootID: String, written: Timestamp, deadline: MonotonicInstant, resources: [String], kind: String,
        undo: ManifestNode
    ) {
        (self.id, self.bootID, self.written, self.deadline) = (id, bootID, written, deadline)
        (self.resources, self.kind, self.undo) = (resources, kind, undo)
    }

    private static let schema = ObjectSchema(
        "UndoRecord", "A record of the journal.",
        fields: [
            FieldSchema("id", .text(.injectionID), required: true, ""),
            FieldSchema("bootID", .text(.bootID), required: true, ""),
            FieldSchema("written", .timestamp, required: true, ""),
            FieldSchema("deadlineNanoseconds", .integer(0...Int.max), required: true, ""),
            FieldSchema("resources", .list(of: .text(.line), unique: true), required: true, ""),
            FieldSchema("kind", .text(.name), required: true, ""),
            FieldSchema("undo", .anyMap(of: .anyMap(of: .text(.line))), required: true, ""),
        ])

    var tree: ManifestNode {
        .object([
            ("id", .text(id)), ("bootID", .text(bootID)), ("written", .text(written.description)),
            ("deadlineNanoseconds", .number("\(deadline.nanoseconds)")),
            ("resources", .sequence(resources.map { ManifestNode(.text($0)) })), ("kind", .text(kind)),
            ("undo", undo.content),
        ])
    }

    /// Nil and why, when the tree is no record.
    static func read(_ tree: ManifestNode) -> Result<Self, ValidationFailure> {
        var head = tree.entries ?? []
        // The fault's own part is the fault's to check.
        let undo = head.first { $0.key == "undo" }?.value
        head = head.map { $0.key == "undo" ? .init(key: "undo", value: ManifestNode(.mapping([]))) : $0 }
        var check = SchemaCheck()
        check.check(ManifestNode(.mapping(head)), against: schema, path: "")
        guard check.problems.isEmpty, let undo, let id = tree["id"]?.text, let bootID = tree["bootID"]?.text,
            let written = tree["written"]?.text.flatMap({ Timestamp($0) }),
            let deadline = tree["deadlineNanoseconds"]?.numberText.flatMap({ Int64($0) }), let kind = tree["kind"]?.text
        else { return .failure(ValidationFailure(problems: check.problems, file: "record")) }
        return .success(
            Self(
                id: id, bootID: bootID, written: written, deadline: MonotonicInstant(nanoseconds: deadline),
                resources: (tree["resources"]?.items ?? []).compactMap(\.text), kind: kind, undo: undo))
    }
}

/// How far an injection has come. Each step is written before the next begins.
package enum InjectionState: String, Sendable, CaseIterable {
    /// The record is on the disk; the host may have been touched since.
    case armed
    /// The effect was seen.
    case active
    /// Nothing of it is left on the host.
    case reverted
}

extension TextRule {
    static let bootID = TextRule("a boot id", pattern: "^[0-9a-f-]{36}$", maximumLength: 36) { text in
        text.utf8.count == 36 && TextBytes.all(text, "-", { TextBytes.isDigit($0) || (97...102).contains($0) })
    }
}
