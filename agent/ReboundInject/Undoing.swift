// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Faults
import HostSystem

/// How an attempt to revert ended.
enum RevertOutcome {
    case reverted(Evidence)
    /// Somebody else did it.
    case already
    /// The host was booted since; the fault went with the kernel that had it.
    case gone
    /// Reverted, but the disk did not take it down.
    case unrecorded(Evidence, HostError)
    case failed(HostError)
}

/// The one way in which a fault is taken back: by the injector, its guard, and by hand. All from the journal alone.
struct Undoing {
    let journal: Journal
    /// What the injector or its guard has in memory of the one that it holds: used when the record is lost or cannot be
    /// read, as when somebody has emptied the folder.
    var remembered: HostFault?

    /// Reverts one injection, alone under the journal's lock. `by` is noted.
    func revert(_ id: String, by: String) -> RevertOutcome {
        do {
            return try journal.locked { try revertLocked(id, by: by) }
        } catch let error as HostError where remembered != nil && isRecordLost(id) {
            return revertRemembered(error)
        } catch let error as HostError {
            return .failed(error)
        } catch {
            return .failed(HostError(.failed, "\(error)", hint: "run `rebound-inject status`"))
        }
    }

    private func isRecordLost(_ id: String) -> Bool {
        // A folder that cannot be read has lost it too.
        if case .record? = try? journal.entry(id) { false } else { true }
    }

    private func revertRemembered(_ lost: HostError) -> RevertOutcome {
        guard let remembered else { return .failed(lost) }
        do throws(HostError) {
            return .unrecorded(try remembered.revert(), lost)
        } catch {
            return .failed(error)
        }
    }

    private func revertLocked(_ id: String, by: String) throws -> RevertOutcome {
        guard let entry = try journal.entry(id) else {
            throw HostError(.targetGone, "the journal has no record of \(id)", hint: "run `rebound-inject status`")
        }
        switch entry {
        case .refused(let file, let reason):
            throw HostError(.foreign, "\(file): \(reason)", hint: "look at the host, then take the file away by hand")
        case .record(_, .reverted, _): return .already
        case .record(let record, _, _):
            guard record.bootID == (try BootID.current()) else {
                try journal.append(.reverted, to: id, note: "the kernel that had it is gone")
                return .gone
            }
            guard let fault = HostFault(kind: record.kind, undo: record.undo) else {
                throw HostError(
                    .foreign, "the record of \(id) is none that this program writes",
                    hint: "look at the host, then take the file away by hand")
            }
            let evidence = try fault.revert()
            do throws(HostError) {
                try journal.append(.reverted, to: id, note: by)
            } catch {
                return .unrecorded(evidence, error)
            }
            return .reverted(evidence)
        }
    }
}
