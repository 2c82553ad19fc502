// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What a command says to the program that started it.
package enum CommandStatus: Int32, Sendable, CaseIterable {
    /// The run passed, or the command did what it was asked.
    case pass = 0
    /// The run failed, or the answer is no: a guard refuses the plan.
    case fail = 1
    /// The command line or a manifest is wrong; nothing was done.
    case usage = 2
    /// The run could not tell.
    case inconclusive = 3
    /// Something went wrong that is not the operator's mistake.
    case error = 4
    /// Something that was changed could not be put back, whatever the verdict.
    case undoFailed = 5

    /// The status of a run that ended. A run without a verdict did not end as it should.
    package init(run: Run) {
        guard let status = run.status else {
            self = .error
            return
        }
        if status.undo == .dirty {
            self = .undoFailed
            return
        }
        switch status.verdict {
        case .pass: self = .pass
        case .fail: self = .fail
        case .inconclusive: self = .inconclusive
        case .error, nil: self = .error
        }
    }
}
