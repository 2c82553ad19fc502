// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl
internal import FoundationEssentials

/// One observation as a server tells it (`runs/NAME/observations`).
struct ObservationLine: Decodable {
    var probe: String
    /// When the attempt began.
    var at: Timestamp
    /// `success`, `failure`, `unknown` or `missed`.
    var outcome: String
    /// How long the attempt took.
    var durationSeconds: Double?
    var reason: String?

    init?(_ line: [UInt8]) {
        guard let decoded = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
        self = decoded
    }
}

/// Counts observations into what the live page shows of each probe.
struct ProbeTally {
    /// As many half seconds as the page can show.
    private static let buckets = 120
    private static let bucketNanoseconds: Int64 = 500_000_000

    private struct Count {
        var probe: ProbeProgress
        /// The half second of the newest bucket, since the epoch.
        var newest: Int64
        var failingInARow = 0
        var failingSince: Timestamp?
    }

    private var counts: [String: Count] = [:]
    private var order: [String] = []

    mutating func add(_ line: ObservationLine) {
        let slot = line.at.nanosecondsSinceEpoch / Self.bucketNanoseconds
        if counts[line.probe] == nil {
            counts[line.probe] = Count(probe: ProbeProgress(name: line.probe, state: .waiting), newest: slot - 1)
            order.append(line.probe)
        }
        guard var count = counts[line.probe] else { return }
        Self.shift(&count, to: slot)
        Self.note(line, in: &count, bucket: count.probe.recent.count - 1 - Int(count.newest - slot))
        counts[line.probe] = count
    }

    /// Makes room up to a half second; what falls out at the front is no longer shown.
    private static func shift(_ count: inout Count, to slot: Int64) {
        guard slot > count.newest else { return }
        let missing = min(slot - count.newest, Int64(buckets))
        count.probe.recent += Array(repeating: ProbeProgress.Bucket(), count: Int(missing))
        count.probe.recent.removeFirst(max(0, count.probe.recent.count - buckets))
        count.newest = slot
    }

    private static func note(_ line: ObservationLine, in count: inout Count, bucket: Int) {
        let isShown = count.probe.recent.indices.contains(bucket)
        count.probe.samples += line.outcome == "missed" ? 0 : 1
        count.probe.expected += 1
        switch line.outcome {
        case "success":
            if isShown { count.probe.recent[bucket].ok += 1 }
            count.failingSince = nil
            count.failingInARow = 0
            count.probe.lastLatency = line.durationSeconds.map { .nanoseconds(Int64(max(0, min($0, 86_400)) * 1e9)) }
            count.probe.detail = nil
        case "failure":
            if isShown { count.probe.recent[bucket].failed += 1 }
            count.probe.failed += 1
            if count.failingInARow == 0 { count.failingSince = line.at }
            count.failingInARow += 1
            count.probe.detail = line.reason
        case "missed":
            if isShown { count.probe.recent[bucket].missed += 1 }
            count.probe.missed += 1
        default:
            if isShown { count.probe.recent[bucket].unknown += 1 }
            count.probe.unknown += 1
        }
    }

    /// The probes in the order in which they were heard of; a probe fails once its plan's threshold is reached.
    func probes(of run: Run, now: Timestamp) -> [ProbeProgress] {
        let slot = now.nanosecondsSinceEpoch / Self.bucketNanoseconds
        return order.compactMap { name in
            guard var count = counts[name] else { return nil }
            // The half second that goes on is not over: an empty one there says nothing yet.
            Self.shift(&count, to: slot - 1)
            let threshold = run.spec.plan.steadyState.first { $0.name == name }?.failureThreshold ?? 1
            if let since = count.failingSince, count.failingInARow >= threshold {
                count.probe.state = .failing(since: since)
            } else if count.probe.samples > 0 {
                count.probe.state = .passing
            }
            return count.probe
        }
    }
}
