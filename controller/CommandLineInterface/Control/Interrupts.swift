// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// What an interrupt means, which depends on how far the command is: before a run exists it ends the command; from
/// then on it aborts the run, which undoes what was changed; and while that goes on it changes nothing.
package actor Interrupts {
    /// What to do about one interrupt.
    package enum Action: Sendable, Equatable {
        case stopPlanning
        case abort
        case sayAlreadyAborting
    }

    private enum Stage { case planning, running, aborting }
    private var stage = Stage.planning
    /// Whether an interrupt came before the run existed.
    package private(set) var cameBeforeRun = false

    package init() {}

    package func interrupted() -> Action {
        switch stage {
        case .planning:
            cameBeforeRun = true
            return .stopPlanning
        case .running:
            stage = .aborting
            return .abort
        case .aborting: return .sayAlreadyAborting
        }
    }

    /// A run exists. True when an interrupt came too early to stop it, so that it is to be aborted at once.
    package func runBegan() -> Bool {
        stage = cameBeforeRun ? .aborting : .running
        return cameBeforeRun
    }

    /// The abort could not be asked for: the next interrupt tries again.
    package func abortFailed() { stage = .running }
}
