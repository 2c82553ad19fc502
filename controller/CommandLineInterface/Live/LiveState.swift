// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import ExperimentControl

/// What the live page knows beyond the newest progress: since when all probes pass.
package struct LiveState: Sendable {
    package private(set) var progress: RunProgress
    /// When every probe was first seen passing, with none failing since; nil while one does not pass. As fine as the
    /// progress is, a fifth of a second: good for a countdown, and never used for a figure.
    package private(set) var passingSince: Timestamp?

    package init(_ progress: RunProgress) {
        self.progress = progress
        note()
    }

    package mutating func update(_ progress: RunProgress) {
        let samePhase = progress.run.status?.phase == self.progress.run.status?.phase
        self.progress = progress
        // The baseline and the recovery each ask for a stretch of their own.
        if !samePhase { passingSince = nil }
        note()
    }

    private mutating func note() {
        let allPass = !progress.probes.isEmpty && progress.probes.allSatisfy { $0.state == .passing }
        passingSince = allPass ? passingSince ?? progress.now : nil
    }

    /// What is being waited for, with how much of it is left.
    package var countdown: StyledLine? {
        guard let status = progress.run.status else { return nil }
        let plan = progress.run.spec.plan
        switch status.phase {
        case .baseline:
            // Three seconds is what an absent baseline means.
            return stable("steady", for: plan.baseline?.holdFor ?? WrittenDuration(.seconds(3)))
        case .recovering:
            let line = stable("stable", for: plan.recovery.stableFor)
            guard let last = status.injections.compactMap({ $0.effective?.high }).max() else { return line }
            let left = last.advanced(by: plan.recovery.giveUpAfter.duration).since(progress.now)
            return line + StyledLine("  gives up in \(Measures.running(left))", .dim)
        case .pending, .planned, .awaitingApproval, .injecting, .holding, .reverting, .reporting, .done: return nil
        }
    }

    private func stable(_ word: String, for wanted: WrittenDuration) -> StyledLine {
        guard let since = passingSince else { return StyledLine("not \(word) yet, \(wanted) wanted", .warning) }
        let held = min(progress.now.since(since), wanted.duration)
        return StyledLine("\(word) for \(Measures.running(held)) of \(wanted)", .good)
    }
}
