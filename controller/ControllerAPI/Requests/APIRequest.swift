// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// A request as the handlers see it: read, bounded, and of somebody known.
struct APIRequest: Sendable {
    /// `GET`, `PUT`, …
    var method: String
    var path: [String]
    var query: QueryParameters
    var accept: String
    var contentType: String
    var userAgent: String
    var body: [UInt8]
    var caller: Caller
    /// Names the request in logs and in the audit.
    var id: String
    /// When its head was there, by this controller's clock.
    var receivedAt: Timestamp

    /// Whether nothing is to be written. Throws a bad request for any value but `All`.
    func isDryRun() throws(StatusError) -> Bool {
        for value in query.all("dryRun") where !value.isEmpty {
            guard value == "All" else {
                throw .badRequest("the parameter dryRun must be All, not \(Quoted.text(value))")
            }
            return true
        }
        return false
    }
}

/// What a handler answers with.
struct APIAnswer: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece until it returns.
        case stream(@Sendable (any AnswerSink) async throws -> Void)
    }

    var status: Int
    var contentType: String
    var headers: [(name: String, value: String)] = []
    var body: Body

    static func json(_ node: ManifestNode, status: Int = 200) -> APIAnswer {
        json(text: JSONDocument.compact(node), status: status)
    }

    static func json(text: String, status: Int = 200) -> APIAnswer {
        APIAnswer(status: status, contentType: "application/json", body: .bytes(Array(text.utf8)))
    }

    static func plain(_ text: String, status: Int = 200) -> APIAnswer {
        APIAnswer(status: status, contentType: "text/plain; charset=utf-8", body: .bytes(Array(text.utf8)))
    }

    /// RFC 9111 has retired the header, and Kubernetes's clients show it to people (kep 1693).
    mutating func warn(_ messages: [String]) {
        for message in messages.prefix(20) {
            let clean = message.unicodeScalars.prefix(300).map { scalar in
                switch scalar {
                case "\"", "\\": "\\" + String(scalar)
                default: scalar.value < 0x20 || scalar.value >= 0x7F ? "?" : String(scalar)
                }
            }
            headers.append(("Warning", "299 - \"\(clean.joined())\""))
        }
    }
}

/// Where a streamed answer goes. Writing waits while the client is slow, and throws when it has gone.
protocol AnswerSink: Sendable {
    func write(_ bytes: [UInt8]) async throws
}
