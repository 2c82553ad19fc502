// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Faults
import Glibc
import HostSystem

/// Holds one injection from its document to its revert. One thread, so that the order of what is done is the order of
/// the lines: plan, write the record, start the guard, act, verify, hold, revert.
struct Injector {
    let journal: Journal
    let injection: HostInjection
    let input: Input
    let speaker: Speaker
    let signals: Signals

    func run() -> ExitCode {
        // Looked at again under the lock, once it is known what the fault holds.
        if let end = try? held(HostFault.resources(of: injection), by: journal.entries()) { return end }
        var fault: HostFault
        do throws(HostError) {
            fault = try HostFault(planning: injection)
        } catch {
            speaker.say("refused", error)
            return .refused
        }
        let deadline = HostClock.monotonic.advanced(by: injection.duration)
        if let end = arm(fault, deadline: deadline) { return end }
        speaker.say(
            "armed", [("kind", .text(fault.kind)), ("deadlineNanoseconds", .number("\(deadline.nanoseconds)"))])
        var guardian: GuardProcess?
        // Until the very end: letting go of it is what wakes it.
        defer { withExtendedLifetime(guardian) {} }
        return hold(&fault, deadline: deadline, &guardian)
    }

    private func hold(
        _ fault: inout HostFault, deadline: MonotonicInstant, _ guardian: inout GuardProcess?
    ) -> ExitCode {
        let watching: GuardProcess
        do throws(HostError) {
            watching = try GuardProcess(id: injection.id, deadline: deadline, folder: journal.folder)
            guardian = watching
            let evidence = try fault.inject()
            let effect = try fault.verify()
            try note(.active, "injector \(getpid()), guard \(watching.process)")
            speaker.say("active", evidence)
            speaker.say("verified", effect)
        } catch {
            return end(fault, reason: "failed", after: error)
        }
        let reason = Holding(injector: self, guardian: watching, deadline: deadline).wait(&fault)
        return end(fault, reason: reason, after: nil)
    }

    // MARK: Arming

    /// Writes the record. The end of the program when it cannot be, or need not be.
    private func arm(_ fault: HostFault, deadline: MonotonicInstant) -> ExitCode? {
        do {
            try HostFile.makeFolder(journal.folder)
            return try journal.locked { try armLocked(fault, deadline: deadline) }
        } catch let error as HostError {
            speaker.say("refused", error)
            return .notDurable
        } catch {
            speaker.say("refused", HostError(.failed, "\(error)", hint: "run `rebound-inject status`"))
            return .notDurable
        }
    }

    private func armLocked(_ fault: HostFault, deadline: MonotonicInstant) throws -> ExitCode? {
        let boot = try BootID.current()
        try journal.reserve()
        let entries = try journal.entries()
        for case .refused(let file, let reason) in entries {
            speaker.say("warning", [("file", .text(file)), ("message", .text("not read: \(reason)"))])
        }
        if let end = try held(fault.resources, by: entries) { return end }
        try journal.arm(
            UndoRecord(
                id: injection.id, bootID: boot, written: HostClock.wall, deadline: deadline,
                resources: fault.resources, kind: fault.kind, undo: fault.undo))
        return nil
    }

    /// The end of the program when the journal has this injection already, or another that holds one of these.
    private func held(_ resources: [String], by entries: [JournalEntry]) throws(HostError) -> ExitCode? {
        let boot = try BootID.current()
        for case .record(let record, let state, let note) in entries {
            if record.id == injection.id {
                speaker.say(
                    "already", [("kind", .text(record.kind)), ("state", .text(state.rawValue)), ("note", .text(note))])
                return .done
            }
            let shared = record.resources.filter(resources.contains)
            if state != .reverted, record.bootID == boot, let held = shared.first {
                let what = "\(held) is held by the injection \(record.id)"
                speaker.say(
                    "conflict", HostError(.foreign, what, hint: "wait for its end, or revert it"),
                    [("holder", .text(record.id))])
                return .conflict
            }
        }
        return nil
    }

    private func note(_ state: InjectionState, _ note: String) throws(HostError) {
        do {
            try journal.locked { try journal.append(state, to: injection.id, note: note) }
        } catch let error as HostError {
            throw error
        } catch {
            throw HostError(.failed, "\(error)", hint: "run `rebound-inject status`")
        }
    }

    // MARK: Reverting

    /// Reverts, says how it went, and tries again a few times: what is left then is the guard's.
    private func end(_ fault: HostFault, reason: String, after failure: HostError?) -> ExitCode {
        if let failure { speaker.say("failed", failure) }
        speaker.say("reverting", [("reason", .text(reason))])
        let undoing = Undoing(journal: journal, remembered: fault)
        for attempt in 0..<5 {
            switch undoing.revert(injection.id, by: "injector, \(reason)") {
            case .failed(let error):
                speaker.say("revertFailed", error, [("attempt", .number("\(attempt + 1)"))])
                poll(nil, 0, 200)
                continue
            case .unrecorded(let evidence, let error):
                speaker.say("warning", error)
                speaker.say("reverted", [("reason", .text(reason))] + evidence)
            case .reverted(let evidence): speaker.say("reverted", [("reason", .text(reason))] + evidence)
            case .already, .gone:
                speaker.say("reverted", [("reason", .text(reason)), ("byAnother", .boolean(true))])
            }
            if failure != nil { return .failed }
            return ["lease", "guardLost"].contains(reason) ? .endedEarly : .done
        }
        speaker.say("dirty", [("reason", .text("the guard goes on trying for a minute"))])
        return .dirty
    }
}
