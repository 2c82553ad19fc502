// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The facts that a verdict is decided from, once a run has ended or will not go on.
package struct VerdictInput: Sendable {
    /// Nil when the plan was made; else why it could not be.
    package var planProblem: String?
    /// Whether the steady state held before the first injection; nil when that was never looked at.
    package var baselineHeld: Bool?
    package var injections: [InjectionReport]
    package var undo: UndoState
    /// Nil when nothing was measured.
    package var recovery: RecoveryReport?
    package var objective: ObjectiveSpec?
    /// Nil unless the run was ended early; a stop condition is not an abort.
    package var aborted: AbortRequest?
    /// Nil unless a stop condition was met; else which, in words.
    package var stopCondition: String?
    /// Nil unless the run could not do its work for a reason of its own, such as a store that cannot be written.
    package var runError: String?

    package init(
        planProblem: String? = nil, baselineHeld: Bool?, injections: [InjectionReport], undo: UndoState,
        recovery: RecoveryReport?, objective: ObjectiveSpec?, aborted: AbortRequest? = nil,
        stopCondition: String? = nil, runError: String? = nil
    ) {
        self.planProblem = planProblem
        self.baselineHeld = baselineHeld
        self.injections = injections
        self.undo = undo
        self.recovery = recovery
        self.objective = objective
        self.aborted = aborted
        self.stopCondition = stopCondition
        self.runError = runError
    }
}

/// The largest part of the attempts of a probe, from the first injection until recovered, in percent, that may tell
/// nothing and still leave enough samples for a pass.
package let largestSilentPercent = 10.0

/// An availability over fewer attempts is no figure to hold to an objective.
package let fewestAttempts = 20
