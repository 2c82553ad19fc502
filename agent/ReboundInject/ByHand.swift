// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Faults
import Glibc
import HostSystem

/// What a person or an agent does with the journal when nothing else is left.
struct ByHand {
    let journal: Journal
    private let speaker = Speaker()

    init(journal: Journal) { self.journal = journal }

    // MARK: Status

    /// Tells every record; with `verifies`, what the host shows of it.
    func status(verifies: Bool) throws -> ExitCode {
        var code = ExitCode.done
        let entries = try journal.entries()
        let held = Set(entries.flatMap(Self.held))
        for entry in entries {
            switch entry {
            case .refused(let file, let reason):
                speaker.say("refused", [("file", .text(file)), ("reason", .text(reason))])
                code = .dirty
            case .record(let record, let state, let note):
                let isOver = state == .reverted
                // What another holds now says nothing of one that is over.
                let isAnothers = isOver && !held.isDisjoint(with: record.resources)
                let (seen, isUnknown) = verifies && !isAnothers ? presence(of: record) : ([], false)
                speaker.say(
                    "record",
                    [
                        ("id", .text(record.id)), ("kind", .text(record.kind)), ("state", .text(state.rawValue)),
                        ("note", .text(note)), ("written", .text(record.written.description)),
                        ("resources", .sequence(record.resources.map { ManifestNode(.text($0)) })),
                    ] + seen)
                if isUnknown { code = .dirty }
                if !isOver, code == .done { code = .inForce }
            }
        }
        return code
    }

    private static func held(_ entry: JournalEntry) -> [String] {
        if case .record(let record, let state, _) = entry, state != .reverted { record.resources } else { [] }
    }

    private func presence(of record: UndoRecord) -> (Evidence, isUnknown: Bool) {
        do throws(HostError) {
            guard record.bootID == (try BootID.current()) else {
                return ([("presence", .text("absent")), ("why", .text("booted since"))], false)
            }
            guard let fault = HostFault(kind: record.kind, undo: record.undo) else {
                return ([("presence", .text("unknown")), ("why", .text("no record of this program's"))], true)
            }
            let presence = try fault.presence()
            guard case .altered(let how) = presence else { return ([("presence", .text(presence.word))], false) }
            return ([("presence", .text(presence.word)), ("why", .text(how))], false)
        } catch {
            return ([("presence", .text("unknown")), ("why", .text(error.message))], true)
        }
    }

    // MARK: Revert

    /// Reverts what is not reverted: all of it, or one.
    func revert(only id: String?) throws -> ExitCode {
        var code = ExitCode.done
        var isFound = id == nil
        for entry in try journal.entries() {
            switch entry {
            case .refused(let file, let reason):
                if id == nil || Journal.names(id ?? "", file: file) {
                    isFound = true
                    speaker.say("refused", [("file", .text(file)), ("reason", .text(reason))])
                    code = .dirty
                }
            case .record(let record, let state, _):
                guard id == nil || id == record.id else { continue }
                isFound = true
                if state != .reverted, !revert(record.id) { code = .dirty }
            }
        }
        if !isFound {
            speaker.say("refused", HostError(.targetGone, "no record of \(id ?? "")", hint: "run `status`"))
            return .usage
        }
        return code
    }

    private func revert(_ id: String) -> Bool {
        let who: Evidence = [("id", .text(id))]
        switch Undoing(journal: journal).revert(id, by: "hand") {
        case .reverted(let evidence): speaker.say("reverted", who + evidence)
        case .already: speaker.say("reverted", who + [("byAnother", .boolean(true))])
        case .gone: speaker.say("reverted", who + [("why", .text("the kernel that had it is gone"))])
        case .unrecorded(let evidence, let error):
            speaker.say("reverted", who + evidence)
            speaker.say("warning", error, who)
        case .failed(let error):
            speaker.say("revertFailed", error, who)
            return false
        }
        return true
    }
}
