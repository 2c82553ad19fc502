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

extension ProbeTally.Attempt {
    /// Nil for an outcome of another version of the server.
    init?(_ line: ObservationLine) {
        guard let outcome = ProbeTally.Outcome(rawValue: line.outcome) else { return nil }
        self.init(
            probe: line.probe, nanoseconds: line.at.nanosecondsSinceEpoch, outcome: outcome,
            latency: line.durationSeconds.map { .nanoseconds(Int64(max(0, min($0, 86_400)) * 1e9)) },
            reason: line.reason)
    }
}

/// What a server's observations add up to.
struct ObservedProbes {
    private struct Streak {
        var failures = 0
        var since: Timestamp?
    }

    private var tally = ProbeTally(probes: [])
    private var streaks: [String: Streak] = [:]

    mutating func add(_ line: ObservationLine) {
        // A line of another version of the server is passed over: it is for looking at, not for judging.
        guard let attempt = ProbeTally.Attempt(line) else { return }
        tally.add(attempt)
        if attempt.outcome == .success { streaks[line.probe] = nil }
        guard attempt.outcome == .failure else { return }
        var streak = streaks[line.probe] ?? Streak(since: line.at)
        streak.failures += 1
        streaks[line.probe] = streak
    }

    /// The probes in the order in which they were heard of; a probe fails once its plan's threshold is reached.
    func probes(of run: Run, now: Timestamp) -> [ProbeProgress] {
        var shown = tally
        // The half second that goes on is not over: an empty one there says nothing yet.
        shown.shift(to: now.nanosecondsSinceEpoch - ProbeTally.bucketNanoseconds)
        return shown.names.compactMap { name in
            guard var probe = shown[name] else { return nil }
            let threshold = run.spec.plan.steadyState.first { $0.name == name }?.failureThreshold ?? 1
            if let streak = streaks[name], let since = streak.since, streak.failures >= threshold {
                probe.state = .failing(since: since)
            } else if probe.samples > 0 {
                probe.state = .passing
            }
            return probe
        }
    }
}
