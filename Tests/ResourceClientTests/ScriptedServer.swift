// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import ResourceClient
import Synchronization
import TestSupport

/// An answer of the server, byte by byte.
struct Answer: Sendable {
    var status: Int
    var headers: [String] = []
    var body: String

    init(_ status: Int, _ body: String = "", headers: [String] = []) {
        (self.status, self.body, self.headers) = (status, body, headers)
    }

    var text: String {
        let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)", "Content-Type: application/json"]
        return (head + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// A `Status` with this reason.
    static func failure(_ status: Int, _ reason: String, _ message: String, details: String = "{}") -> Answer {
        Answer(
            status,
            """
            {"kind":"Status","apiVersion":"v1","status":"Failure","message":"\(message)","reason":"\(reason)",\
            "details":\(details),"code":\(status)}
            """)
    }
}

/// A real HTTP server on loopback that answers by a table of method and path, in order for each.
final class ScriptedServer: Sendable {
    private let answers: Mutex<[String: [Answer]]>
    let seen = Mutex<[String]>([])
    private let raw = Mutex<RawServer?>(nil)

    /// The last answer of each is repeated.
    init(_ answers: [String: [Answer]]) {
        self.answers = Mutex(answers)
        raw.withLock {
            $0 = RawServer { [weak self] connection in
                while let request = connection.readRequest() {
                    guard let self else { return }
                    connection.write(answer(to: request).text)
                }
            }
        }
    }

    var requests: [String] { raw.withLock { $0?.requests ?? [] } }
    var address: String { raw.withLock { $0?.url("") ?? "" } }

    private func answer(to request: String) -> Answer {
        let line = request.split(separator: " ").prefix(2).joined(separator: " ")
        seen.withLock { $0.append(line) }
        return answers.withLock { answers in
            guard let list = answers[line], let first = list.first else {
                return .failure(404, "NotFound", "nothing at \(line)")
            }
            if list.count > 1 { answers[line]?.removeFirst() }
            return first
        }
    }
}

/// Sleeps pass at once and are counted: what is tested is when, not how long.
final class QuickClock: Clock, Sendable {
    typealias Instant = ContinuousClock.Instant
    let waits = Mutex<[Duration]>([])
    var now: Instant { ContinuousClock().now }
    let minimumResolution = Duration.zero

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        waits.withLock { $0.append(now.duration(to: deadline)) }
        await Task.yield()
    }
}

let patience = HTTPTimeouts(connect: .seconds(900), total: .seconds(900))

extension ResourceClient {
    /// A client of a plain server on loopback.
    static func testing(
        _ address: String, credentials: ServerConnection.Credentials = .none, clock: any Clock<Duration> = QuickClock(),
        chance: Double = 0.5, silence: Duration = .seconds(900), warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> ResourceClient {
        let connection = try ServerConnection(
            server: address, credentials: credentials, timeouts: patience, watchSilence: silence)
        return ResourceClient(
            connection, transport: try HTTPClient(), userAgent: "test/1", clock: clock, chance: { chance }, warn: warn)
    }
}

/// A policy as it is on the wire.
func policy(_ name: String, version: Int, targets: Int = 1) -> String {
    """
    {"apiVersion":"rebound.chaos/v1","kind":"Policy","metadata":{"name":"\(name)","resourceVersion":"\(version)",\
    "uid":"u-\(name)"},"spec":{"maxTargetsPerRun":\(targets)}}
    """
}

func policyList(_ items: [String], version: Int, continueToken: String? = nil) -> Answer {
    let token = continueToken.map { ",\"continue\":\"\($0)\"" } ?? ""
    return Answer(
        200,
        """
        {"apiVersion":"rebound.chaos/v1","kind":"PolicyList","metadata":{"resourceVersion":"\(version)"\(token)},\
        "items":[\(items.joined(separator: ","))]}
        """)
}
