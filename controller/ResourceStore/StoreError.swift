// SPDX-License-Identifier: Apache-2.0

/// Why a store did not do what it was asked.
package struct StoreError: Error, Sendable {
    package enum Code: String, Sendable {
        case notFound, alreadyExists, conflict, expired, unavailable, full, readOnly, corrupt, invalid
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
