// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What holds a run or an injection that was deleted while something may have to be put back.
///
/// A store puts this finalizer on such a resource when it is deleted, whoever deletes it and by whatever way, and takes
/// it away in the transaction that makes it needless. Nobody else can take it away: without the run nobody would know
/// how to put things back.
package enum UndoHold {
    package static let finalizer = "rebound.chaos/undo"
}

extension Run {
    /// Whether it must stay, as something of it is under way, or could not be put back and nobody has dealt with it.
    package var owesUndo: Bool {
        // Without a status nobody has taken it up, so nothing was done.
        guard let status else { return false }
        guard status.phase == .done else { return true }
        return status.undo == .dirty && metadata.annotations?[RetentionPolicy.acknowledgement] == nil
    }

    /// Why it stays after it was deleted, and until when; nil when nothing of Rebound's holds it.
    package var reasonToStay: String? {
        guard owesUndo, let status else { return nil }
        if status.phase == .done {
            return "run \(metadata.name) could not put everything back: it stays until its annotation "
                + "\(RetentionPolicy.acknowledgement) says how that was dealt with"
        }
        return
            "run \(metadata.name) is \(status.phase.rawValue): it is aborted and puts back what it changed, and goes "
            + "when it is Done"
    }
}

extension Injection {
    /// Whether it must stay, given the run that owns it, if that is in the store: its record is of use as long as the
    /// run works on it, and until somebody has dealt with what could not be put back.
    package func owesUndo(to run: Run?) -> Bool {
        guard let run else { return status.map { !$0.state.isFinal } ?? false }
        guard run.status?.phase == .done else { return true }
        guard let state = status?.state else { return false }
        return !state.isFinal || (state == .revertFailed && run.owesUndo)
    }
}
