// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// Slots at random times with a mean distance, inside the open hours: a Poisson process that stands still while it is
/// closed. So no slot can be foreseen, and a closed night does not make the morning more dangerous.
package struct RandomSlots: Sendable {
    /// The search ends here: what is closed for a year has no slot.
    private static let mostMinutes = 366 * 1_440

    private let mean: Duration
    private let zone: ZoneRules
    private let hours: OpenHours
    private let seed: UInt64

    /// `seed` comes from the schedule's uid, so that every controller draws the same slots. `mean` counts open time.
    package init(mean: Duration, zone: ZoneRules, hours: OpenHours, seed: UInt64) {
        precondition(mean > .zero, "slots with no time between them would never end")
        self.mean = mean
        self.zone = zone
        self.hours = hours
        self.seed = seed
    }

    /// The slot that follows the slot, or the beginning, at `instant`; the same one however often it is asked. Nil when
    /// there is none within a year.
    package func nextSlot(after instant: Timestamp) -> Timestamp? {
        let drawn = SeededGenerator.mixed(
            seed ^ SeededGenerator.mixed(UInt64(bitPattern: instant.nanosecondsSinceEpoch)))
        var chance = SeededGenerator(seed: drawn)
        // The distances of a Poisson process: -ln(1 - u) times the mean, with u evenly from 0 to below 1.
        var left = max(1, -log(1 - chance.nextFraction()) * mean.inSeconds)
        var second = instant.wholeSeconds
        for _ in 0..<Self.mostMinutes {
            let isOpen = hours.isOpen(at: second, zone)
            let step = 60 - (second % 60 + 60) % 60
            if isOpen, left <= Double(step) {
                let slot = second + Int64(left.rounded(.up))
                if hours.isOpen(at: slot, zone) { return Timestamp(nanosecondsSinceEpoch: slot * 1_000_000_000) }
            }
            if isOpen { left = max(1, left - Double(step)) }
            second += step
        }
        return nil
    }
}
