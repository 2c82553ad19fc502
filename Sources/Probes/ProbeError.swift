// SPDX-License-Identifier: Apache-2.0

/// Why a probe cannot be run at all.
package struct ProbeError: Error, Sendable {
    /// For programs to choose by.
    package enum Code: String, Sendable {
        /// A setting of the probe is wrong.
        case invalidSpec
        /// The probe asks AWS and nobody gave it the means.
        case actionMissing
        /// No thread or descriptor for the engine.
        case outOfResources
        /// The engine was stopped.
        case stopped
    }

    package var code: Code
    /// What failed, with the probe's name and the value.
    package var message: String
    /// What the operator can do now.
    package var hint: String
    package var cause: (any Error)?

    package init(_ code: Code, message: String, hint: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
