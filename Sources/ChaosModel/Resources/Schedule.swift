// SPDX-License-Identifier: Apache-2.0

/// When to create Runs of an experiment.
package struct Schedule: Resource {
    package static let kind = ResourceKind.schedule
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.schedule
    package var metadata: ObjectMetadata
    package var spec: ScheduleSpec
    package var status: ScheduleStatus?

    package init(metadata: ObjectMetadata, spec: ScheduleSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// Exactly one of `cron` and `meanTimeBetween` says when; windows and holidays say when not.
package struct ScheduleSpec: Sendable, Codable, Equatable {
    package enum Concurrency: String, Sendable, Codable, CaseIterable { case forbid, allow, replace }
    package var experiment: String
    /// An IANA zone such as Europe/Madrid; there is no default.
    package var timeZone: String
    /// Five fields: minute, hour, day of month, month, day of week.
    package var cron: String?
    /// Random runs at this mean distance inside the windows.
    package var meanTimeBetween: WrittenDuration?
    package var windows: [WindowSpec]?
    /// Dates (`2026-12-25`) on which nothing starts.
    package var holidays: [String]?
    /// Absent: forbid.
    package var concurrency: Concurrency?
    /// A run that could not start within this of its slot is skipped. Absent: 1m.
    package var startingDeadline: WrittenDuration?
    package var suspend: Bool?

    package init(experiment: String, timeZone: String) {
        self.experiment = experiment
        self.timeZone = timeZone
    }
}

/// A stretch of the day, on some days; `from` later than `to` wraps midnight.
package struct WindowSpec: Sendable, Codable, Equatable {
    package enum Day: String, Sendable, Codable, CaseIterable { case mon, tue, wed, thu, fri, sat, sun }
    package var days: [Day]
    /// `HH:MM`
    package var from: String
    package var to: String

    package init(days: [Day], from: String, to: String) {
        self.days = days
        self.from = from
        self.to = to
    }
}

/// What is known of a schedule.
package struct ScheduleStatus: Sendable, Codable, Equatable {
    package var lastSlot: Timestamp?
    package var nextSlot: Timestamp?

    package init() {}
}
