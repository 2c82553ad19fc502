// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a host refused or could not do.
package struct HostError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A program, module or feature that the fault needs is not there.
        case toolMissing
        case notPermitted
        /// The process or interface is not there.
        case targetGone
        /// What is there is not ours and could not be put back.
        case foreign
        case timedOut
        /// The fault was put in, but the host does not show it.
        case noEffect
        /// No space, or a disk that cannot be written.
        case notDurable
        case failed
    }

    package var code: Code
    /// What failed, with the values that matter.
    package var message: String
    /// What the operator can do now.
    package var hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        (self.code, self.message, self.hint) = (code, message, hint)
    }

    package var description: String { "\(message); \(hint)" }

    /// The last failed system call as an error (errno(3)). `what` names the call's purpose and its object.
    package static func system(_ what: String, errno number: Int32 = errno) -> Self {
        let reason = String(cString: strerror(number))
        switch number {
        case EPERM, EACCES:
            return Self(.notPermitted, "\(what): \(reason)", hint: "run as root")
        case ENOENT, ESRCH, ENODEV:
            return Self(.targetGone, "\(what): \(reason)", hint: "name something that is there")
        case ENOSPC, EROFS, EDQUOT, EIO:
            return Self(.notDurable, "\(what): \(reason)", hint: "give the journal a disk that can be written")
        case ETIMEDOUT:
            return Self(.timedOut, "\(what): \(reason)", hint: "look at the host's load, and try again")
        default:
            return Self(.failed, "\(what): \(reason)", hint: "see errno(3) for what the kernel means")
        }
    }
}
