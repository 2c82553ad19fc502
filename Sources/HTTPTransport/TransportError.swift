// SPDX-License-Identifier: Apache-2.0

/// Why there is no answer.
package struct TransportError: Error, Sendable {
    /// For programs to choose by.
    package enum Code: String, Sendable, CaseIterable {
        /// Method, URL, header or an option cannot be sent as given; nothing was.
        case invalidURL
        case cannotResolve
        /// Refused or unreachable.
        case cannotConnect
        case connectTimedOut
        /// The total time is over.
        case timedOut
        /// Handshake or certificate.
        case tls
        case connectionReset
        /// The connection was closed without a byte of an answer.
        case emptyReply
        case responseTooLarge
        case tooManyRedirects
        case cancelled
        case outOfMemory
        /// No descriptor, port or thread was left in this process or on this machine: our own trouble.
        case outOfResources
        /// More requests wait already than the client was configured to hold.
        case queueFull
        /// The client was closed before or during the request.
        case closed
        /// The answer is not HTTP, or ended early.
        case protocolError
    }

    package var code: Code
    /// What failed, with the values that matter. Never headers or bodies.
    package var message: String
    /// What the operator can do now.
    package var hint: String
    /// False only if no byte of the request can have reached the other side.
    package var requestMayHaveBeenSent: Bool
    /// Nil when the transfer never began.
    package var timings: HTTPTimings?
    /// errno of the socket or connect call that failed, such as ECONNREFUSED; 0 where none is known (errno(3)).
    package var systemError: Int32 = 0

    /// `requestMayHaveBeenSent` has no default: it decides whether a repeat is safe.
    package init(
        _ code: Code, message: String, hint: String, requestMayHaveBeenSent: Bool, timings: HTTPTimings? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.requestMayHaveBeenSent = requestMayHaveBeenSent
        self.timings = timings
    }

    /// True where the trouble is ours and says nothing about the other side.
    package var isOurTrouble: Bool {
        switch code {
        case .invalidURL, .cancelled, .outOfMemory, .outOfResources, .queueFull, .closed: true
        case .cannotResolve, .cannotConnect, .connectTimedOut, .timedOut, .tls, .connectionReset, .emptyReply,
            .responseTooLarge, .tooManyRedirects, .protocolError:
            false
        }
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message) \(hint)" }
}
