// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import Measurement

/// Counts attempts into what a live page shows of each probe, in buckets of half a second. What says whether a probe
/// fails is not known here: every probe is `waiting`.
package struct ProbeTally: Sendable {
    package enum Outcome: String, Sendable { case success, failure, unknown, missed }

    /// One attempt of a probe, whoever tells it.
    package struct Attempt: Sendable {
        package var probe: String
        /// When it was made, on any clock, as long as it is the same for all.
        package var nanoseconds: Int64
        package var outcome: Outcome
        package var latency: Duration?
        package var reason: String?

        package init(probe: String, nanoseconds: Int64, outcome: Outcome, latency: Duration?, reason: String?) {
            self.probe = probe
            self.nanoseconds = nanoseconds
            self.outcome = outcome
            self.latency = latency
            self.reason = reason
        }
    }

    /// As many half seconds as a page can show.
    private static let buckets = 120
    package static let bucketNanoseconds: Int64 = 500_000_000

    private struct Count {
        var probe: ProbeProgress
        /// The number of the newest bucket; nil before the first attempt.
        var newest: Int64?
    }

    private var counts: [String: Count] = [:]
    /// The probes in the order in which they were named or heard of.
    package private(set) var names: [String] = []

    /// A probe that is not among `probes` is counted from its first attempt on.
    package init(probes: [String]) {
        for probe in probes { add(probe) }
    }

    /// Nil for a probe that was never heard of.
    package subscript(name: String) -> ProbeProgress? { counts[name]?.probe }

    package mutating func add(_ attempt: Attempt) {
        if counts[attempt.probe] == nil { add(attempt.probe) }
        guard var count = counts[attempt.probe] else { return }
        let number = attempt.nanoseconds / Self.bucketNanoseconds
        Self.shift(&count, to: number)
        // An attempt that is told late belongs to a bucket before the newest.
        let bucket = count.probe.recent.count - 1 - Int((count.newest ?? number) - number)
        Self.note(attempt, in: &count.probe, bucket: bucket)
        counts[attempt.probe] = count
    }

    /// Makes room up to the bucket of an instant, for every probe that has been heard of.
    package mutating func shift(to nanoseconds: Int64) {
        for name in names where counts[name]?.newest != nil {
            guard var count = counts[name] else { continue }
            Self.shift(&count, to: nanoseconds / Self.bucketNanoseconds)
            counts[name] = count
        }
    }

    private mutating func add(_ probe: String) {
        guard counts[probe] == nil else { return }
        counts[probe] = Count(probe: ProbeProgress(name: probe, state: .waiting))
        names.append(probe)
    }

    /// What falls out at the front is no longer shown.
    private static func shift(_ count: inout Count, to number: Int64) {
        let newest = count.newest ?? number - 1
        guard number > newest else { return }
        let missing = min(number - newest, Int64(buckets))
        count.probe.recent += Array(repeating: ProbeProgress.Bucket(), count: Int(missing))
        count.probe.recent.removeFirst(max(0, count.probe.recent.count - buckets))
        count.newest = number
    }

    private static func note(_ attempt: Attempt, in probe: inout ProbeProgress, bucket: Int) {
        var counted = ProbeProgress.Bucket()
        probe.expected += 1
        probe.samples += attempt.outcome == .missed ? 0 : 1
        switch attempt.outcome {
        case .success:
            counted.ok = 1
            probe.lastLatency = attempt.latency ?? probe.lastLatency
            probe.detail = nil
        case .failure:
            counted.failed = 1
            probe.failed += 1
            probe.detail = attempt.reason ?? probe.detail
        case .unknown:
            counted.unknown = 1
            probe.unknown += 1
        case .missed:
            counted.missed = 1
            probe.missed += 1
        }
        guard probe.recent.indices.contains(bucket) else { return }
        probe.recent[bucket].ok += counted.ok
        probe.recent[bucket].failed += counted.failed
        probe.recent[bucket].unknown += counted.unknown
        probe.recent[bucket].missed += counted.missed
    }
}

extension ProbeTally.Attempt {
    /// On the clock of the run, from its start.
    init(_ observation: Observation, origin: MonotonicInstant) {
        let (outcome, reason): (ProbeTally.Outcome, String?) =
            switch observation.outcome {
            case .success: (.success, nil)
            case .failure(let reason): (.failure, reason)
            case .unknown(let reason): (.unknown, reason)
            case .missed(let reason): (.missed, reason)
            }
        self.init(
            probe: observation.probe, nanoseconds: observation.planned.nanoseconds - origin.nanoseconds,
            outcome: outcome, latency: observation.ended.since(observation.begun), reason: observation.detail ?? reason)
    }
}
