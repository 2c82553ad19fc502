// SPDX-License-Identifier: Apache-2.0
import ChaosModel
package import Scheduling

/// Tells whether freezes are in force, by the clocks of their zones.
package struct FreezeZones: Sendable {
    /// The rules of a zone by its name; nil when they cannot be read.
    private let rules: @Sendable (String) -> ZoneRules?

    package init(rules: @escaping @Sendable (String) -> ZoneRules?) { self.rules = rules }

    /// The machine's own zones, below /usr/share/zoneinfo.
    package static let system = FreezeZones { name in
        guard let bytes = ZoneFolder().bytes(of: name) else { return nil }
        // Losing the error is right: what cannot be read freezes, and the refusal names the freeze.
        return try? ZoneRules(tzif: bytes, name: name)
    }

    /// Whether the freeze is in force at any time from `from` to `until`. One whose zone is not known, or that says
    /// neither when nor how often, is in force: what cannot be read does not open anything.
    func isFrozen(_ freeze: FreezeSpec, from: Timestamp, until: Timestamp) -> Bool {
        if let begin = freeze.from, let end = freeze.until { return begin <= until && from < end }
        guard let weekly = freeze.weekly, let zone = rules(weekly.timeZone),
            let window = try? OpenHours(
                windows: [WindowSpec(days: weekly.days, from: weekly.from, to: weekly.to)], holidays: [])
        else { return true }
        let (first, last) = (from.secondsSinceEpoch, max(from, until).secondsSinceEpoch)
        // Windows begin and end on whole minutes, so one look each minute, and one at the end, miss none.
        return stride(from: first, through: last, by: 60).contains { window.isOpen(at: $0, zone) }
            || window.isOpen(at: last, zone)
    }
}

extension Timestamp {
    /// Rounded down.
    fileprivate var secondsSinceEpoch: Int64 {
        nanosecondsSinceEpoch / 1_000_000_000 - (nanosecondsSinceEpoch % 1_000_000_000 < 0 ? 1 : 0)
    }
}

extension FreezeSpec {
    /// When, in words.
    var words: String {
        if let from, let until { return "frozen from \(from) until \(until)" }
        guard let weekly else { return "frozen" }
        let days = weekly.days.map(\.rawValue).joined(separator: ", ")
        return "frozen on \(days) from \(weekly.from) to \(weekly.to) \(weekly.timeZone)"
    }
}
