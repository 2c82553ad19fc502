// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
package import ExperimentControl
internal import Identity
package import ResourceClient
package import ResourceStore

/// Why a command did not do what it was asked, ready to be shown.
package struct CommandFailure: Error, Sendable {
    package var status: CommandStatus
    package var message: String
    package var hint: String
    /// Shown before the message: problems of a manifest, guards, selections.
    package var details: [StyledLine]

    package init(_ status: CommandStatus, _ message: String, hint: String, details: [StyledLine] = []) {
        self.status = status
        self.message = message
        self.hint = hint
        self.details = details
    }

    /// What a run or plan that could not be made says. An experiment that asks for the impossible is the operator's
    /// mistake; everything else leaves the manifest as good as it was.
    package init(_ error: ExperimentError) {
        let refusing = error.guards.filter { !$0.passed }
        let details = SelectionPart.lines(error.selections) + GuardPart.lines(refusing)
        self.init(error.code == .invalid ? .usage : .error, error.message, hint: error.hint, details: details)
    }

    /// What a server refused, with every field that is wrong.
    package init(_ error: ClientError) {
        let details = error.causes.map { cause in
            StyledLine([cause.field, cause.message].compactMap { $0 }.joined(separator: ": "))
        }
        self.init(
            error.code == .invalid || error.code == .misconfigured ? .usage : .error, error.message, hint: error.hint,
            details: details)
    }

    /// What is asked of a program, or of a part of it, that speaks to no server.
    static func serverOnly(_ what: String) -> CommandFailure {
        CommandFailure(
            .usage, "\(what) is a matter of a server, and none is named",
            hint: "Log in with `rebound login`, or name one with --server.")
    }

    package init(_ error: StoreError) { self.init(.error, error.message, hint: error.hint) }

    /// Any error, told apart by its type; one that is none of ours is shown as it describes itself.
    package init(anything error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as ExperimentError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as ClientError: self.init(error)
        case let error as IdentityError: self.init(.error, error.message, hint: error.hint)
        case is BackendConflict:
            self.init(.error, "somebody else is changing the same resource", hint: "Look again, and repeat.")
        case is CancellationError: self.init(.error, "interrupted", hint: "Start the command again.")
        default:
            self.init(.error, "\(error)", hint: "This is not expected. Run again, and report it if it stays.")
        }
    }

    /// `error: …` and `hint: …`, after the details.
    package var lines: [StyledLine] {
        var lines = details
        lines.append(StyledLine([Span("error: ", .bad), Span(message)]))
        if !hint.isEmpty { lines.append(StyledLine([Span("hint: ", .accent), Span(hint)])) }
        return lines
    }
}
