// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// When the slots of a cron expression come, in one zone, less what windows and holidays close.
///
/// Clocks that change: a slot in the hour that is left out comes once, when the clocks have been set forward; a slot in
/// the hour that comes twice comes the first time only. An expression whose hour begins with `*` goes round the clock
/// instead: it has every slot that the clocks show, both times, and none for an hour that they do not show.
/// So an instant is never two slots, and each later slot is a later instant.
package struct ScheduleCalendar: Sendable {
    /// The longest between two slots: the 29th of February around 2100, and a week.
    private static let mostDays: Int64 = 8 * 366 + 7

    private let cron: CronExpression
    private let zone: ZoneRules
    private let hours: OpenHours

    package init(cron: CronExpression, zone: ZoneRules, hours: OpenHours) {
        self.cron = cron
        self.zone = zone
        self.hours = hours
    }

    /// The first open slot after an instant; nil when there is none in the eight years that follow.
    package func nextSlot(after instant: Timestamp) -> Timestamp? {
        let second = instant.wholeSeconds
        let today = zone.localDay(at: second)
        for day in (today - 1)...(today + Self.mostDays) {
            let date = CivilDate(daysSinceEpoch: day)
            guard cron.matches(date) else { continue }
            let slot = slots(on: day).first { $0 > second && hours.isOpen(at: $0, zone) }
            if let slot { return Timestamp(nanosecondsSinceEpoch: slot * 1_000_000_000) }
        }
        return nil
    }

    /// Every open slot after one instant and up to another, in order. Cost: every slot of every day between.
    package func slots(after first: Timestamp, through last: Timestamp) -> [Timestamp] {
        let (low, high) = (first.wholeSeconds, last.wholeSeconds)
        guard low < high else { return [] }
        let days = (zone.localDay(at: low) - 1)...(zone.localDay(at: high) + 1)
        let found = days.filter { cron.matches(CivilDate(daysSinceEpoch: $0)) }.flatMap(slots(on:))
        return Set(found.filter { $0 > low && $0 <= high && hours.isOpen(at: $0, zone) }).sorted()
            .map { Timestamp(nanosecondsSinceEpoch: $0 * 1_000_000_000) }
    }

    /// The instants of a local day's slots, in order.
    private func slots(on day: Int64) -> [Int64] {
        var instants: Set<Int64> = []
        for hour in cron.hours {
            for minute in cron.minutes {
                let local = day * 86_400 + Int64(hour) * 3_600 + Int64(minute) * 60
                switch zone.instants(ofLocal: local) {
                case .once(let instant): instants.insert(instant)
                case .twice(let first, let second):
                    instants.insert(first)
                    if cron.goesRoundTheClock { instants.insert(second) }
                case .missing(let resumesAt): if !cron.goesRoundTheClock { instants.insert(resumesAt) }
                }
            }
        }
        return instants.sorted()
    }
}

extension ZoneRules {
    /// The local date at an instant, as days since 1970.
    func localDay(at second: Int64) -> Int64 {
        let local = second + offset(at: second)
        return (local - (local % 86_400 + 86_400) % 86_400) / 86_400
    }
}

extension Timestamp {
    /// Seconds since 1970, rounded down.
    var wholeSeconds: Int64 {
        let rest = (nanosecondsSinceEpoch % 1_000_000_000 + 1_000_000_000) % 1_000_000_000
        return (nanosecondsSinceEpoch - rest) / 1_000_000_000
    }
}
