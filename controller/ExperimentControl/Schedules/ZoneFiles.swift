// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Scheduling

/// Reads schedules' times: zones from the machine's zone files, each once. Bounded: at the bound it forgets all.
actor ScheduleTimesReader {
    private struct Key: Hashable {
        var uid: String
        var generation: Int64
        var year: Int64
    }

    private static let mostKept = 1_000
    private static let mostBytes = 1 << 20
    private let folder: String
    private var zones: [String: ZoneRules] = [:]
    private var known: [Key: Result<ScheduleTimes, SchedulingError>] = [:]

    /// `/usr/share/zoneinfo` on every Linux that has zones (tzfile(5)).
    init(folder: String = "/usr/share/zoneinfo") { self.folder = folder }

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
        let zone = try ZoneRules(tzif: try bytes(ofZone: name), name: name)
        if zones.count >= Self.mostKept { zones = [:] }
        zones[name] = zone
        return zone
    }

    private func bytes(ofZone name: String) throws(SchedulingError) -> [UInt8] {
        let problem = SchedulingError(
            .invalidZone, "There is no time zone \(name) in \(folder).",
            hint: "Write an IANA zone such as Europe/Madrid, and install tzdata.")
        guard ZoneRules.isName(name), let file = fopen("\(folder)/\(name)", "re") else { throw problem }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: Self.mostBytes)
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0, ferror(file) == 0 else { throw problem }
        return Array(buffer.prefix(count))
    }
}
