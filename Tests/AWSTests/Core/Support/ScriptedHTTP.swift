// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TestSupport

/// A request as a test server reads it.
struct ReceivedRequest: Sendable {
    var method: String
    var target: String
    var headers: [String: String]
    var body: String

    init(_ raw: String) {
        let parts = raw.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        method = String(first[0])
        target = String(first[1])
        body = parts.count > 1 ? String(parts[1]) : ""
        headers = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair.count > 1 ? String(pair[1].drop { $0 == " " }) : ""
        }
    }
}

/// What a test server does with a request.
enum ScriptedAnswer: Sendable {
    case answer(Int, String, headers: [String: String] = [:])
    /// The connection is reset after the request was read: the caller cannot know whether it was carried out.
    case reset
}

/// A real HTTP server on loopback that answers by script. Connections are kept open.
final class ScriptedHTTP: Sendable {
    private let server: RawServer
    private let shared: Shared

    /// `script` gets the request and its number, from 1.
    init(_ script: @escaping @Sendable (ReceivedRequest, Int) -> ScriptedAnswer) {
        let seen = Shared()
        server = RawServer { connection in
            while let raw = connection.readRequest() {
                let request = ReceivedRequest(raw)
                switch script(request, seen.add(request)) {
                case .reset: return connection.reset()
                case .answer(let status, let body, let headers):
                    let extra = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
                    connection.write(
                        "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)")
                }
            }
        }
        shared = seen
        Self.kept.withLock { $0.append(server) }
    }

    /// Servers live as long as the tests: a port that is free again could be given to another test's server, while the
    /// HTTP client still keeps a connection to the old one.
    private static let kept = Mutex<[RawServer]>([])

    /// Requests by all connections, in the order they came.
    private final class Shared: Sendable {
        let requests = Mutex<[ReceivedRequest]>([])
        func add(_ request: ReceivedRequest) -> Int {
            requests.withLock { list in
                list.append(request)
                return list.count
            }
        }
    }

    var requests: [ReceivedRequest] { shared.requests.withLock { $0 } }

    var acceptedConnections: Int { server.acceptedConnections }

    func url(_ path: String = "") -> String { server.url(path) }
}
