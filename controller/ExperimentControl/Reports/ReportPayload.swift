// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials

/// What is sent for one event, as JSON. Its schema is `docs/schemas/report-event.json`.
package struct ReportPayload: Sendable, Codable, Equatable {
    /// How much it matters to the one who reads it.
    package enum Severity: String, Sendable, Codable, CaseIterable { case info, warning, critical }

    /// The run that the event belongs to.
    package struct RunReference: Sendable, Codable, Equatable {
        package var name: String
        package var namespace: String
        package var uid: String
        package var requestedBy: String
        package var reason: String?
    }

    /// The injection that the event is about.
    package struct InjectionReference: Sendable, Codable, Equatable {
        package var name: String
        package var uid: String
        package var fault: String
        package var action: String
        package var target: PlannedTarget
        package var effective: BoundedTimestamp?
        package var message: String?
    }

    package var apiVersion = reboundAPIVersion
    package var kind = "ReportEvent"
    /// The same on every attempt to deliver this event.
    package var id: String
    /// Grows within a run.
    package var sequence: Int64
    package var event: ReportEventKind
    package var severity: Severity
    package var at: Timestamp
    package var experiment: String
    package var hypothesis: String
    package var run: RunReference
    package var injection: InjectionReference?
    /// The targets, with `planned`.
    package var targets: [PlannedTarget]?
    package var planHash: String?
    package var verdict: Verdict?
    package var verdictReasons: [String]?
    package var undo: UndoState?
    /// The measurements, with `recovered` and `verdict`.
    package var recovery: RecoveryReport?
    package var message: String?
    /// Whether lists were shortened to fit the destination; the whole is in the store under `run`.
    package var truncated: Bool?

    /// The JSON text, at most `limit` bytes (SNS takes 262,144 with the attributes): long lists go first, then the
    /// lists altogether, then all that is not needed to know what happened. `limit` is at least 20,000.
    package func encoded(limit: Int = 200_000) throws -> String {
        var payload = self
        for keep in [Int.max, 200, 20, 0] {
            if keep < Int.max { payload.shorten(to: keep) }
            let data = try Self.encoder.encode(payload)
            if data.count <= limit { return String(decoding: data, as: UTF8.self) }
        }
        payload.keepEssentials()
        return String(decoding: try Self.encoder.encode(payload), as: UTF8.self)
    }

    /// What is left is bounded by the model's own limits on names, and by the cuts made here.
    private mutating func keepEssentials() {
        func cut(_ text: String, to bytes: Int) -> String {
            text.utf8.count <= bytes ? text : String(text.prefix(bytes / 4)) + "…"
        }
        hypothesis = cut(hypothesis, to: 2_000)
        message = message.map { cut($0, to: 2_000) }
        verdictReasons = verdictReasons.map { $0.prefix(5).map { cut($0, to: 1_000) } }
        let told = injection?.message
        injection?.message = told.map { cut($0, to: 2_000) }
        run.reason = run.reason.map { cut($0, to: 1_000) }
        run.requestedBy = cut(run.requestedBy, to: 500)
        recovery?.phases = []
        recovery?.probes = []
    }

    private mutating func shorten(to count: Int) {
        truncated = true
        targets = targets.map { Array($0.prefix(count)) }
        guard var report = recovery else { return }
        report.outages = Array(report.outages.prefix(count))
        report.gaps = Array(report.gaps.prefix(count))
        report.probes = Array(report.probes.prefix(max(count, 20)))
        recovery = report
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
