// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

/// Why a server did not do what it was asked.
package struct ClientError: Error, Sendable {
    /// For programs to choose by.
    package enum Code: String, Sendable, CaseIterable {
        /// Our own side: address, token or file.
        case misconfigured
        /// No answer: name, connection, TLS, time.
        case unreachable
        /// No, wrong, expired or revoked credential (401).
        case unauthorized
        /// Known, and not allowed (403).
        case forbidden
        case notFound
        case alreadyExists
        /// The version given is not the stored one, or a precondition does not hold (409).
        case conflict
        /// The version asked for is no longer known (410): list again.
        case expired
        /// What was sent is not what the model allows (422, 400); see `causes`.
        case invalid
        /// The server has no such method, media type or resource (405, 406, 415).
        case unsupported
        /// Too large for the server (413), or for us.
        case tooLarge
        /// Asked to come back later (429).
        case tooManyRequests
        /// The server cannot for now (503, 504 and the like).
        case unavailable
        /// The server failed (500).
        case serverFailed
        /// The answer is not what the protocol says.
        case undecodable
        case cancelled
    }

    /// One field that is wrong, as `Status.details.causes` has it.
    package struct FieldCause: Sendable, Codable, Equatable {
        /// A word such as `FieldValueInvalid`.
        package var reason: String?
        package var message: String?
        /// The path, such as `spec.faults[0].targets`.
        package var field: String?

        package init(reason: String?, message: String?, field: String?) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    package var code: Code
    package var message: String
    package var hint: String
    /// The HTTP status; nil where there was no answer.
    package var status: Int?
    /// The server's word for it, such as `NotFound`.
    package var reason: String?
    package var causes: [FieldCause] = []
    /// How long the server asks us to wait.
    package var retryAfter: Duration?
    /// Whether the server may have done what it was asked, though we do not know that it did.
    package var mayHaveBeenDone = false
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, hint: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// No answer. libcurl's words name host and port already.
    init(_ error: TransportError) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "the request was cancelled", hint: "", cause: error)
        case .responseTooLarge: self.init(.tooLarge, error.message, hint: error.hint, cause: error)
        case .invalidURL: self.init(.misconfigured, error.message, hint: error.hint, cause: error)
        case .cannotResolve, .cannotConnect, .connectTimedOut, .timedOut, .tls, .connectionReset, .emptyReply,
            .tooManyRedirects, .outOfMemory, .outOfResources, .queueFull, .closed, .protocolError:
            self.init(.unreachable, error.message, hint: error.hint, cause: error)
        }
        mayHaveBeenDone = error.requestMayHaveBeenSent
    }
}

extension ClientError: CustomStringConvertible {
    package var description: String { hint.isEmpty ? message : "\(message); \(hint)" }
}

extension ClientError {
    /// Trouble that will be the same a second later: a certificate, our own bounds, a client that was closed.
    var isLasting: Bool {
        guard let transport = cause as? TransportError else { return false }
        return switch transport.code {
        case .tls, .closed, .outOfMemory, .outOfResources, .queueFull, .invalidURL, .tooManyRedirects, .cancelled,
            .responseTooLarge:
            true
        case .cannotResolve, .cannotConnect, .connectTimedOut, .timedOut, .connectionReset, .emptyReply, .protocolError:
            false
        }
    }
}
