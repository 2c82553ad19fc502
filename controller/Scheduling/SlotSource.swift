// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Where the slots of a schedule come from, for one of its targets.
package enum SlotSource: Sendable {
    case cron(ScheduleCalendar)
    case random(RandomSlots)

    /// The first open slot after an instant; nil when there is none in the eight years that follow.
    package func nextSlot(after instant: Timestamp) -> Timestamp? {
        switch self {
        case .cron(let calendar): calendar.nextSlot(after: instant)
        case .random(let slots): slots.nextSlot(after: instant)
        }
    }

    /// Every open slot after one instant and up to another, in order.
    package func slots(after first: Timestamp, through last: Timestamp) -> [Timestamp] {
        switch self {
        case .cron(let calendar): calendar.slots(after: first, through: last)
        case .random(let slots): slots.slots(after: first, through: last)
        }
    }
}

/// A schedule's times, read and ready: its zone, its open hours, and the slots of each target.
package struct ScheduleTimes: Sendable {
    /// One target: a group, or the experiment itself.
    package struct Target: Sendable {
        package var name: String
        /// Nil when the schedule has no groups.
        package var group: String?
        package var source: SlotSource
    }

    package let zone: ZoneRules
    package let hours: OpenHours
    package let targets: [Target]
    private let identity: String
    private let jitter: Duration

    /// Reads a schedule for the years around one. `identity` is its uid. Throws what cannot be followed.
    package init(
        _ spec: ScheduleSpec, identity: String, zone: ZoneRules, around year: Int64
    ) throws(SchedulingError) {
        let hours = try OpenHours(spec, years: (year - 1)...(year + 9))
        let groups: [ScheduledGroup?] = spec.groups.map { $0.map(Optional.some) } ?? [nil]
        var targets: [Target] = []
        for group in groups {
            let seed = StableHash.of(identity + "/" + (group?.name ?? ""))
            targets.append(
                Target(
                    name: group?.name ?? spec.experiment, group: group?.name,
                    source: try Self.source(spec, group, zone, hours, seed)))
        }
        self.zone = zone
        self.hours = hours
        self.targets = targets
        self.identity = identity
        jitter = spec.jitter?.duration ?? .zero
    }

    /// When the run of a slot starts: late by its jitter, which never reaches past the end of the slot's window.
    package func start(of slot: Timestamp) -> Timestamp {
        let most = jitter.components.seconds
        guard most > 0 else { return slot }
        let second = slot.wholeSeconds
        let room = hours.end(ofStretchAt: second, zone, most: most) - second
        var chance = SeededGenerator(seed: StableHash.of("\(identity)/jitter/\(second)"))
        return slot.advanced(by: .seconds(Int64(chance.nextFraction() * Double(room))))
    }

    private static func source(
        _ spec: ScheduleSpec, _ group: ScheduledGroup?, _ zone: ZoneRules, _ hours: OpenHours, _ seed: UInt64
    ) throws(SchedulingError) -> SlotSource {
        if let cron = spec.cron {
            return .cron(ScheduleCalendar(cron: try CronExpression(cron), zone: zone, hours: hours))
        }
        if let mean = spec.meanTimeBetween {
            return .random(RandomSlots(.mean(mean.duration), zone: zone, hours: hours, seed: seed))
        }
        let probability = group?.probabilityPerDay ?? spec.probabilityPerDay ?? 0
        return .random(RandomSlots(.perDay(probability), zone: zone, hours: hours, seed: seed))
    }
}

/// A hash that is the same in every process and version: FNV-1a (draft-eastlake-fnv), mixed. Not for secrets.
package enum StableHash {
    package static func of(_ text: String) -> UInt64 {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
        return SeededGenerator.mixed(hash)
    }
}
