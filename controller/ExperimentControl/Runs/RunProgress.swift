// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What a run looks like right now.
package struct RunProgress: Sendable {
    package var run: Run
    package var probes: [ProbeProgress]
    package var now: Timestamp

    package init(run: Run, probes: [ProbeProgress], now: Timestamp) {
        self.run = run
        self.probes = probes
        self.now = now
    }
}

/// What one probe says right now.
package struct ProbeProgress: Sendable {
    package enum State: Sendable, Equatable {
        case waiting, passing
        case failing(since: Timestamp)
    }

    /// What became of the attempts of half a second.
    package struct Bucket: Sendable, Equatable {
        package var ok: Int
        package var failed: Int
        package var unknown: Int
        package var missed: Int

        package init(ok: Int = 0, failed: Int = 0, unknown: Int = 0, missed: Int = 0) {
            self.ok = ok
            self.failed = failed
            self.unknown = unknown
            self.missed = missed
        }
    }

    package var name: String
    package var state: State
    package var recent: [Bucket]
    package var lastLatency: Duration?
    package var expected: Int
    package var samples: Int
    package var failed: Int
    package var unknown: Int
    package var missed: Int
    package var detail: String?

    package init(name: String, state: State, recent: [Bucket] = []) {
        self.name = name
        self.state = state
        self.recent = recent
        (expected, samples, failed, unknown, missed) = (0, 0, 0, 0, 0)
    }
}
