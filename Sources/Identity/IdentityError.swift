// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Why a key, a certificate or a file of either is not used.
package struct IdentityError: Error, Sendable {
    package enum Code: String, Sendable {
        /// Not the encoding it should be, or too long.
        case malformed
        case unsupportedKey, keyMismatch, notAnAuthority
        case expired, notYetValid, untrusted, wrongPurpose
        /// A name that a certificate cannot carry safely.
        case badName
        case unreadableFile, unsafeFile, cannotWrite
        /// libcrypto refused for a reason of its own, such as no memory.
        case library
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

    /// What libcrypto says of the call that has just failed on this thread. Empties its queue (ERR_get_error(3)).
    static func library(_ doing: String) -> IdentityError {
        let reason = libraryReason()
        return IdentityError(
            .library, "libcrypto could not \(doing)\(reason.isEmpty ? "" : ": \(reason)").",
            hint: "Look whether memory or entropy is short on this machine, then try again.")
    }

    static func malformed(_ what: String, hint: String) -> IdentityError {
        let reason = libraryReason()
        return IdentityError(.malformed, "\(what)\(reason.isEmpty ? "" : " (\(reason))").", hint: hint)
    }

    /// The first error of this thread's queue, which is the innermost; the rest is dropped.
    private static func libraryReason() -> String {
        let first = ERR_get_error()
        while ERR_get_error() != 0 {}
        guard first != 0, let reason = ERR_reason_error_string(first) else { return "" }
        return String(cString: reason)
    }
}
