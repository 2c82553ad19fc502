// SPDX-License-Identifier: Apache-2.0

/// Why the agent cannot do what it was asked on this host.
package struct AgentError: Error, Sendable {
    package enum Code: String, Sendable {
        /// The order is wrong.
        case usage
        /// Nothing is known of a controller here yet.
        case notEnrolled
        /// Something is known of one already.
        case enrolledAlready
        /// The certificate given is not an agent's.
        case notAnAgent
        /// The state folder or a file given cannot be read or written.
        case file
    }

    package var code: Code
    package var message: String
    package var hint: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, hint: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
