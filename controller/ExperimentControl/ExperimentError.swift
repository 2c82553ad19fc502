// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Why a run could not be planned, driven or ended.
package struct ExperimentError: Error, Sendable {
    package enum Code: String, Sendable {
        /// The manifest asks for something that cannot be.
        case invalid
        /// Targets were found, and every one was filtered out; `selections` says by what.
        case noTargets
        /// Nothing matches, or a named group does not exist.
        case targetsNotFound
        case notPermitted
        /// A guard refused; `guards` says which.
        case guardRefused
        /// Planning again gave another hash than the one asked for.
        case planChanged
        case gateClosed
        case awsUnavailable
        case noCredentials
        case noRegion
        case store
        /// Another process drives this run.
        case busy
        case internalError
    }

    package var code: Code
    package var message: String
    package var hint: String
    package var guards: [GuardResult]
    package var selections: [SelectionReport]
    package var cause: (any Error)?

    package init(
        _ code: Code, _ message: String, hint: String, guards: [GuardResult] = [], selections: [SelectionReport] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.guards = guards
        self.selections = selections
        self.cause = cause
    }
}
