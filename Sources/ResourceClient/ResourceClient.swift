// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
package import HTTPTransport

/// Speaks the resource API of a Rebound controller, which follows Kubernetes's conventions
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/).
///
/// Every call ends with an answer or a `ClientError`. What may safely be repeated is, a few times, with growing waits;
/// what may have been done already never is.
package struct ResourceClient: Sendable {
    /// Reads are tried so often in all.
    static let attempts = 4
    /// The longest wait between two attempts, also when the server asks for more.
    private static let longestWait = Duration.seconds(10)

    package let connection: ServerConnection
    let transport: HTTPClient
    let clock: any Clock<Duration>
    let chance: @Sendable () -> Double
    let retries = RetrySchedule(first: .milliseconds(200), most: .seconds(5))
    private let userAgent: String
    private let warn: @Sendable (String) -> Void

    /// No call is made yet. `chance` gives numbers in 0 ..< 1. `warn` takes the texts of the answers' `Warning` fields.
    package init(
        _ connection: ServerConnection, transport: HTTPClient, userAgent: String, clock: any Clock<Duration>,
        chance: @escaping @Sendable () -> Double, warn: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.transport = transport
        self.userAgent = userAgent
        self.clock = clock
        self.chance = chance
        self.warn = warn
    }

    // MARK: Any request

    /// Sends, and gives the body of the answer. Throws for every status of 400 or more.
    package func send(
        _ method: String, _ path: ResourcePath, body: [UInt8] = [], contentType: String = "application/json",
        accept: String = "application/json"
    ) async throws(ClientError) -> [UInt8] {
        let isRead = method == "GET" || method == "HEAD"
        var failures = 0
        while true {
            do throws(ClientError) {
                return try await sendOnce(request(method, path, body, contentType, accept))
            } catch {
                failures += 1
                guard failures < Self.attempts, error.allowsRepeat(ofRead: isRead) else { throw error }
                try await pause(error, failures)
            }
        }
    }

    private func pause(_ error: ClientError, _ failures: Int) async throws(ClientError) {
        let own = retries.wait(afterFailures: failures, chance: chance())
        let wait = min(max(own, error.retryAfter ?? .zero), Self.longestWait)
        do { try await clock.sleep(for: wait) } catch {
            throw ClientError(.cancelled, "the request was cancelled", hint: "")
        }
    }

    private func sendOnce(_ request: HTTPRequest) async throws(ClientError) -> [UInt8] {
        let response: HTTPResponse
        do { response = try await transport.send(request) } catch { throw ClientError(error) }
        tellWarnings(response.headers)
        guard response.status < 300 else {
            throw ClientError(
                status: response.status, body: response.body, retryAfter: response.header("Retry-After"),
                request: "\(request.method) \(request.url)")
        }
        return response.body
    }

    /// A request to the server with our credentials.
    func request(
        _ method: String, _ path: ResourcePath, _ body: [UInt8], _ contentType: String, _ accept: String
    ) throws(ClientError) -> HTTPRequest {
        var request = HTTPRequest(
            method: method, url: connection.server + path.description, body: body, timeouts: connection.timeouts)
        request.tls = connection.tls
        request.headers = [
            HTTPHeader(name: "Accept", value: accept), HTTPHeader(name: "User-Agent", value: userAgent),
        ]
        if !body.isEmpty { request.headers.append(HTTPHeader(name: "Content-Type", value: contentType)) }
        if case .token(let token) = connection.credentials {
            request.headers.append(HTTPHeader(name: "Authorization", value: "Bearer " + (try token.value())))
        }
        return request
    }

    /// `299 - "text"` (RFC 7234, 5.5, as the Kubernetes API uses it).
    func tellWarnings(_ headers: [HTTPHeader]) {
        for header in headers where header.name.lowercased() == "warning" {
            let parts = header.value.split(separator: "\"", omittingEmptySubsequences: false)
            if parts.count >= 3 { warn(parts[1..<(parts.count - 1)].joined(separator: "\"")) }
        }
    }

    // MARK: Encoding

    func encoded(_ value: some Encodable) throws(ClientError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(value)) } catch {
            throw ClientError(.invalid, "what is to be sent cannot be written as JSON", hint: "", cause: error)
        }
    }

    func decoded<T: Decodable>(_ type: T.Type, _ body: [UInt8], from path: ResourcePath) throws(ClientError) -> T {
        do { return try JSONDecoder().decode(T.self, from: Data(body)) } catch {
            throw ClientError(
                .undecodable, "the answer to \(path) is not what it should be: \(DecodingWords.of(error))",
                hint: "Check that the server is a Rebound controller of this version.", cause: error)
        }
    }
}

/// What a decoder did not like, in a few words: where, and what.
enum DecodingWords {
    static func of(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let (context, key): (DecodingError.Context, String?) =
            switch error {
            case .keyNotFound(let key, let context): (context, key.stringValue)
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                (context, nil)
            @unknown default: (.init(codingPath: [], debugDescription: "\(error)"), nil)
            }
        let path = (context.codingPath.map(\.stringValue) + [key].compactMap { $0 }).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }
}
