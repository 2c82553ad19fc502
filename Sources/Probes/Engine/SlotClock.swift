// SPDX-License-Identifier: Apache-2.0

/// The timetable of one probe: slot n is planned at `start + n * interval`, computed from n each time, so nothing
/// drifts. Pure.
///
/// A slot may be sent only within its own interval. Whoever comes later finds it passed: it is reported as missed and
/// never sent in a burst. Invariant: each slot from the first on is handed out exactly once, in order.
struct SlotClock: Sendable, Equatable {
    /// CLOCK_MONOTONIC nanoseconds of slot 0.
    let start: Int64
    /// Nanoseconds, at least 1.
    let interval: Int64
    /// The first slot that was not handed out yet.
    private(set) var next: Int64

    /// What is to be done at an instant.
    struct Due: Equatable {
        /// Slots whose whole interval passed unused.
        var missed: Range<Int64>
        /// The slot whose interval it is now.
        var send: Int64?
    }

    init(start: Int64, interval: Int64, firstSlot: Int64 = 0) {
        precondition(interval > 0, "a probe's interval must be positive")
        self.start = start
        self.interval = interval
        next = firstSlot
    }

    /// When the slot is planned.
    func planned(_ slot: Int64) -> Int64 { start + slot * interval }

    /// When something is due next.
    var nextInstant: Int64 { planned(next) }

    /// Hands out every slot planned at or before `now`.
    mutating func advance(to now: Int64) -> Due {
        guard now >= nextInstant else { return Due(missed: next..<next, send: nil) }
        let current = (now - start) / interval
        defer { next = current + 1 }
        return Due(missed: next..<current, send: current)
    }
}
