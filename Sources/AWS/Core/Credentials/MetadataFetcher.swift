// SPDX-License-Identifier: Apache-2.0
import HTTPTransport

/// Asks an endpoint beside us (instance metadata, the container's agent): near, small, and quick to give up on.
struct MetadataFetcher: Sendable {
    /// A metadata service is one hop away; where there is none, nobody should wait for it.
    static let timeouts = HTTPTimeouts(connect: .seconds(1), total: .seconds(5))
    static let attempts = 3
    /// A role's document is about 1.5 kB.
    static let largestAnswer = 256 * 1_024

    let context: AWSContext
    let source: any CredentialSource

    /// The answer, of any status; after a 429, a 5xx or a broken connection it is asked for again. Requests here have
    /// no effects. Throws `TransportError` when no answer came, `CancellationError` when cancelled in a pause.
    func send(
        _ method: String, _ url: String, headers: [HTTPHeader] = []
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(method: method, url: url, headers: headers, timeouts: Self.timeouts)
        request.maximumResponseBytes = Self.largestAnswer
        var attempt = 1
        while true {
            let isLast = attempt == Self.attempts
            do throws(TransportError) {
                let response = try await context.transport.send(request)
                guard !isLast, response.status >= 500 || response.status == 429 else { return response }
            } catch {
                guard Self.isWorthRepeating(error), !isLast else { throw error }
            }
            // 100 ms, then 200 ms: a restarting agent is back soon.
            try await context.clock.sleep(for: .milliseconds(100 << (attempt - 1)))
            attempt += 1
        }
    }

    /// What a status that is no success says. The body is not quoted: it may hold keys.
    func status(_ status: Int, of url: String) -> AWSError {
        source.broken(
            "\(url) answered with HTTP status \(status).", code: status >= 500 ? .serviceUnavailable : .accessDenied,
            hint: "See that service's own log.")
    }

    /// Puts whatever `send` threw into this source's words.
    func explain(_ error: any Error, _ url: String, hint: String) -> AWSError {
        switch error {
        case let error as AWSError: error
        case let error as TransportError where error.code == .cancelled:
            source.broken("the question to \(url) was cancelled.", code: .cancelled, hint: "", cause: error)
        case let error as TransportError:
            source.broken(
                "\(url) gave no answer: \(error.message)",
                code: error.code == .timedOut || error.code == .connectTimedOut ? .timedOut : .network, hint: hint,
                cause: error)
        default: source.broken("the question to \(url) was cancelled.", code: .cancelled, hint: "", cause: error)
        }
    }

    private static func isWorthRepeating(_ error: TransportError) -> Bool {
        switch error.code {
        case .connectionReset, .emptyReply, .protocolError, .outOfResources, .queueFull: true
        case .invalidURL, .cannotResolve, .cannotConnect, .connectTimedOut, .timedOut, .tls, .responseTooLarge,
            .tooManyRedirects, .cancelled, .outOfMemory, .closed:
            false
        }
    }
}
