// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Digests
import Dispatch
import FoundationEssentials
import Glibc
package import HTTPTransport
package import ResourceStore

/// Carries one report to its destination. Swapped in tests for destinations that fail on demand.
package protocol ReportCourier: Sendable {
    /// Nil when the destination has taken it; else why not.
    func deliver(_ entry: OutboxEntry) async -> String?
}

/// The real destinations: SNS, Lambda, webhooks and files.
package struct Courier: ReportCourier {
    private let connections: AWSConnections
    private let transport: HTTPClient
    private let clock: any ControlClock
    private let ownFolder: String?

    /// No report is written into `ownFolder`, where the controller keeps its store and its keys.
    package init(
        connections: AWSConnections, transport: HTTPClient, clock: any ControlClock, ownFolder: String? = nil
    ) {
        self.ownFolder = ownFolder
        self.connections = connections
        self.transport = transport
        self.clock = clock
    }

    package func deliver(_ entry: OutboxEntry) async -> String? {
        do {
            switch entry.report.destination {
            case .sns(let spec): return try await publish(entry, to: spec)
            case .lambda(let spec): try await invoke(entry, spec)
            case .webhook(let spec): return try await post(entry, to: spec)
            case .file(let spec):
                return await Self.onQueue { [ownFolder] in
                    FileReport.append(entry.payload, to: spec.path, keepingOutOf: ownFolder)
                }
            }
            return nil
        } catch let error as AWSError {
            return error.message
        } catch let error as TransportError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    /// Files may lie on a disk that hangs, which must not take a thread of the shared pool along: undos need it.
    private static func onQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    private static let queue = DispatchQueue(label: "rebound.reports", attributes: .concurrent)

    private func publish(_ entry: OutboxEntry, to spec: SNSReportSpec) async throws -> String? {
        let scope = AWSScope(region: ARNParts(spec.topicArn)?.region, assumeRole: spec.assumeRole)
        guard let head = ReportHead(entry) else { return "the report in the store is not readable" }
        var attributes: [String: SNSAttribute] = [
            "event": .string(entry.event.rawValue), "experiment": .string(head.experiment),
            "severity": .string(head.severity.rawValue), "id": .string(head.id),
        ]
        if let verdict = head.verdict { attributes["verdict"] = .string(verdict.rawValue) }
        let isFIFO = spec.topicArn.hasSuffix(".fifo")
        let message = SNSMessage(
            body: entry.payload, subject: Self.subject(head), attributes: attributes,
            groupID: isFIFO ? entry.run : nil, deduplicationID: isFIFO ? DeduplicationID.make(entry.id) : nil)
        _ = try await SNSPublisher(client: connections.client(for: scope)).publish(
            message, to: TopicARN(rawValue: spec.topicArn))
        return nil
    }

    /// At most 99 printable ASCII characters, the first a letter
    /// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
    static func subject(_ head: ReportHead) -> String {
        let words = ["rebound", head.event.rawValue, head.experiment, head.verdict?.rawValue].compactMap { $0 }
        return String(
            words.joined(separator: " ").unicodeScalars.filter { (32...126).contains($0.value) }.prefix(99).map(
                Character.init))
    }

    private func invoke(_ entry: OutboxEntry, _ spec: LambdaReportSpec) async throws {
        let region = spec.function.hasPrefix("arn:") ? ARNParts(spec.function)?.region : spec.region
        let scope = AWSScope(region: region, assumeRole: spec.assumeRole)
        let invoker = LambdaInvoker(client: try connections.client(for: scope))
        let payload = Array(entry.payload.utf8)
        let function = LambdaFunctionName(rawValue: spec.function)
        switch spec.invocation ?? .requestResponse {
        case .requestResponse: _ = try await invoker.invoke(function, payload: payload)
        case .event: _ = try await invoker.invokeLater(function, payload: payload)
        }
    }

    private func post(_ entry: OutboxEntry, to spec: WebhookReportSpec) async throws -> String? {
        let secret: [UInt8]
        switch await Self.onQueue({ SecretReader.read(spec.secret) }) {
        case .success(let bytes): secret = bytes
        case .failure(let problem): return problem.message
        }
        let body = Array(entry.payload.utf8)
        let seconds = clock.wall().nanosecondsSinceEpoch / 1_000_000_000
        let request = HTTPRequest(
            method: "POST", url: spec.url,
            headers: [
                HTTPHeader(name: "Content-Type", value: "application/json"),
                HTTPHeader(name: "Rebound-Event", value: entry.event.rawValue),
                HTTPHeader(name: "Rebound-Event-ID", value: entry.id),
                HTTPHeader(
                    name: "Rebound-Signature",
                    value: WebhookSignature.header(body: body, secret: secret, unixSeconds: seconds)),
            ], body: body, timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(15)))
        let response: HTTPResponse
        do throws(TransportError) { response = try await transport.send(request) } catch {
            // The URL may carry a key, and the reason is logged and shown.
            return error.message.replacing(spec.url, with: ReportDestination.origin(spec.url))
        }
        return (200..<300).contains(response.status) ? nil : "HTTP \(response.status)"
    }
}

/// What a destination, and the outbox, need of the payload beside its text.
struct ReportHead: Decodable {
    var id: String
    var at: Timestamp
    var event: ReportEventKind
    var experiment: String
    var severity: ReportPayload.Severity
    var verdict: Verdict?

    /// Nil for a payload that is none of ours.
    init?(_ entry: OutboxEntry) {
        // Losing the error is right: what matters is that it cannot be read.
        guard let head = try? JSONDecoder().decode(Self.self, from: Data(entry.payload.utf8)) else { return nil }
        self = head
    }
}

/// `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over `<unix seconds>.<body>`, so that an old body cannot be sent again as
/// new.
package enum WebhookSignature {
    package static func header(body: [UInt8], secret: [UInt8], unixSeconds: Int64) -> String {
        let signed = Array("\(unixSeconds).".utf8) + body
        return "t=\(unixSeconds),v1=\(Hex.text(SHA256.authenticationCode(key: secret, signed)))"
    }
}

/// SNS takes at most 128 characters of a small alphabet as deduplication id; ours are longer, so they are hashed.
enum DeduplicationID {
    static func make(_ id: String) -> String { Hex.text(SHA256.digest(Array(id.utf8))) }
}
