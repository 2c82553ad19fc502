// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// Slots at random times of the open hours. Each local day's slots are drawn from the seed and the day alone, so that
/// every controller, whenever it asks and whatever it knew before, finds the same slots. A window that wraps midnight
/// belongs to the day on which it begins.
package struct RandomSlots: Sendable {
    /// How the slots of one day are drawn.
    package enum Distribution: Sendable, Equatable {
        /// A Poisson process over open time, with this mean distance: as likely at one open moment as at any other. It
        /// has no memory, so that beginning anew each day changes nothing in it.
        case mean(Duration)
        /// With this chance one slot, evenly spread over the day's open time; else none.
        case perDay(Double)
    }

    /// The search ends here: what is closed for so long has no slot. Leaves room for rare chances.
    private static let mostDays: Int64 = 8 * 366
    /// More slots than minutes no day has: the shortest mean is one minute.
    private static let mostPerDay = 10_000

    private let distribution: Distribution
    private let zone: ZoneRules
    private let hours: OpenHours
    private let seed: UInt64

    /// `seed` comes from the schedule's uid, and its group.
    package init(_ distribution: Distribution, zone: ZoneRules, hours: OpenHours, seed: UInt64) {
        if case .mean(let mean) = distribution {
            precondition(mean > .zero, "slots with no time between them would never end")
        }
        self.distribution = distribution
        self.zone = zone
        self.hours = hours
        self.seed = seed
    }

    /// The first slot after an instant; nil when there is none within eight years.
    package func nextSlot(after instant: Timestamp) -> Timestamp? {
        let second = instant.wholeSeconds
        let today = zone.localDay(at: second)
        // A day's slots may reach two days on, where its window wraps midnight and its local day is drawn out.
        var best: Int64?
        for day in (today - 2)...(today + Self.mostDays) {
            if let best, day * 86_400 - 26 * 3_600 > best { break }
            guard let slot = slots(on: day).first(where: { $0 > second }) else { continue }
            best = min(best ?? slot, slot)
        }
        return best.map { Timestamp(nanosecondsSinceEpoch: $0 * 1_000_000_000) }
    }

    /// Every slot after one instant and up to another, in order.
    package func slots(after first: Timestamp, through last: Timestamp) -> [Timestamp] {
        let (low, high) = (first.wholeSeconds, last.wholeSeconds)
        guard low < high else { return [] }
        let days = (zone.localDay(at: low) - 2)...(zone.localDay(at: high) + 1)
        return days.flatMap(slots(on:)).filter { $0 > low && $0 <= high }.sorted()
            .map { Timestamp(nanosecondsSinceEpoch: $0 * 1_000_000_000) }
    }

    /// The slots that belong to a local day, in order, whole seconds since 1970.
    package func slots(on day: Int64) -> [Int64] {
        let stretches = hours.stretches(beginningOn: day, zone)
        let open = stretches.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
        guard open > 0 else { return [] }
        var chance = SeededGenerator(seed: SeededGenerator.mixed(seed ^ SeededGenerator.mixed(UInt64(bitPattern: day))))
        switch distribution {
        case .perDay(let probability):
            guard chance.nextFraction() < probability else { return [] }
            return [Self.instant(Int64(chance.nextFraction() * Double(open)), in: stretches)]
        case .mean(let mean):
            var places: [Int64] = []
            var place = 0.0
            for _ in 0..<Self.mostPerDay {
                // The distances of a Poisson process: -ln(1 - u) times the mean, with u evenly from 0 to below 1.
                place += -log(1 - chance.nextFraction()) * mean.inSeconds
                guard place < Double(open) else { break }
                if places.last != Int64(place) { places.append(Int64(place)) }
            }
            return places.map { Self.instant($0, in: stretches) }
        }
    }

    /// The second at which this much of the stretches has passed.
    private static func instant(_ place: Int64, in stretches: [Range<Int64>]) -> Int64 {
        var left = place
        for stretch in stretches {
            let length = stretch.upperBound - stretch.lowerBound
            if left < length { return stretch.lowerBound + left }
            left -= length
        }
        return (stretches.last?.upperBound ?? 1) - 1
    }
}
