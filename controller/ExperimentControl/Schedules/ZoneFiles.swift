// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling

/// Reads schedules' times: zones from the machine's zone files, each once. Bounded: at the bound it forgets all.
actor ScheduleTimesReader {
    private struct Key: Hashable {
        var uid: String
        var generation: Int64
        var year: Int64
    }

    private static let mostKept = 1_000
    private let folder: ZoneFolder
    private var zones: [String: ZoneRules] = [:]
    private var known: [Key: Result<ScheduleTimes, SchedulingError>] = [:]

    init(folder: ZoneFolder = ZoneFolder()) { self.folder = folder }

    func times(of schedule: Schedule, now: Timestamp) -> Result<ScheduleTimes, SchedulingError> {
        let day = now.nanosecondsSinceEpoch / 86_400_000_000_000
        let key = Key(
            uid: schedule.metadata.uid ?? "", generation: schedule.metadata.generation ?? 0,
            year: CivilDate(daysSinceEpoch: day).year)
        if let times = known[key] { return times }
        let times = read(schedule, year: key.year)
        if known.count >= Self.mostKept { known = [:] }
        // A zone that is missing may be installed later.
        if case .failure(let error) = times, error.code == .invalidZone { return times }
        known[key] = times
        return times
    }

    private func read(_ schedule: Schedule, year: Int64) -> Result<ScheduleTimes, SchedulingError> {
        do throws(SchedulingError) {
            let zone = try zone(schedule.spec.timeZone)
            return .success(
                try ScheduleTimes(
                    schedule.spec, identity: schedule.metadata.uid ?? "", zone: zone, around: year))
        } catch { return .failure(error) }
    }

    private func zone(_ name: String) throws(SchedulingError) -> ZoneRules {
        if let zone = zones[name] { return zone }
        guard let bytes = folder.bytes(of: name) else {
            throw SchedulingError(
                .invalidZone, "There is no time zone \(name) in \(folder.path).",
                hint: "Write an IANA zone such as Europe/Madrid, and install tzdata.")
        }
        let zone = try ZoneRules(tzif: bytes, name: name)
        if zones.count >= Self.mostKept { zones = [:] }
        zones[name] = zone
        return zone
    }
}
