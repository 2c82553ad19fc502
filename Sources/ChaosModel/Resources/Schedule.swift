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

/// Exactly one of `cron`, `meanTimeBetween` and `probabilityPerDay` says when; windows, business days and holidays say
/// when not.
package struct ScheduleSpec: Sendable, Codable, Equatable {
    package enum Concurrency: String, Sendable, Codable, CaseIterable { case forbid, allow, replace }
    package var experiment: String
    /// An IANA zone such as Europe/Madrid; there is no default.
    package var timeZone: String
    /// Five fields: minute, hour, day of month, month, day of week.
    package var cron: String?
    /// Random runs at this mean distance inside the windows.
    package var meanTimeBetween: WrittenDuration?
    /// The chance that an open day has its one run, at a random time of it; above 0, to 1.
    package var probabilityPerDay: Double?
    /// Auto Scaling groups that are drawn for each by itself; each run is narrowed to its group.
    package var groups: [ScheduledGroup]?
    package var windows: [WindowSpec]?
    /// The days of the week on which people work. Absent: every day counts.
    package var businessDays: [WindowSpec.Day]?
    /// Dates (`2026-12-25`) on which nothing starts.
    package var holidays: [String]?
    /// Calendars of days on which nothing starts.
    package var holidayCalendars: [HolidayCalendarSpec]?
    /// Each start is late by a random time up to this. Absent: none.
    package var jitter: WrittenDuration?
    /// A target (a group of `groups`; else whatever the experiment harms) is left alone for this long after a run.
    package var minTimeBetween: WrittenDuration?
    /// Absent: forbid.
    package var concurrency: Concurrency?
    /// A run that could not start within this of its slot is skipped. Absent: 1m.
    package var startingDeadline: WrittenDuration?
    package var suspend: Bool?
    package var history: ScheduleHistorySpec?

    package init(experiment: String, timeZone: String) {
        self.experiment = experiment
        self.timeZone = timeZone
    }
}

/// One Auto Scaling group whose runs are drawn by themselves.
package struct ScheduledGroup: Sendable, Codable, Equatable {
    package var name: String
    /// Absent: the schedule's.
    package var probabilityPerDay: Double?

    package init(name: String, probabilityPerDay: Double? = nil) {
        self.name = name
        self.probabilityPerDay = probabilityPerDay
    }
}

/// A stretch of the day, on some days; `from` later than `to` wraps midnight.
package struct WindowSpec: Sendable, Codable, Equatable {
    package enum Day: String, Sendable, Codable, CaseIterable { case mon, tue, wed, thu, fri, sat, sun }
    /// The days on which it begins. Absent: the schedule's business days.
    package var days: [Day]?
    /// `HH:MM`
    package var from: String
    package var to: String

    package init(days: [Day]?, from: String, to: String) {
        self.days = days
        self.from = from
        self.to = to
    }
}

/// A named calendar of days on which nothing starts: rules, or the text of an iCalendar file, or both.
package struct HolidayCalendarSpec: Sendable, Codable, Equatable {
    package var name: String
    package var rules: [HolidayRuleSpec]?
    /// RFC 5545.
    package var ics: String?

    package init(name: String, rules: [HolidayRuleSpec]? = nil, ics: String? = nil) {
        self.name = name
        self.rules = rules
        self.ics = ics
    }
}

/// One holiday: its name, and the rule that `HolidayRule` reads.
package struct HolidayRuleSpec: Sendable, Codable, Equatable {
    package var name: String
    package var when: String

    package init(name: String, when: String) {
        self.name = name
        self.when = when
    }
}

/// How many finished runs of a schedule are kept, the newest first.
package struct ScheduleHistorySpec: Sendable, Codable, Equatable {
    /// Runs that passed. Absent: 10.
    package var passed: Int?
    /// Runs that did not. Absent: 10.
    package var notPassed: Int?

    package init(passed: Int? = nil, notPassed: Int? = nil) {
        self.passed = passed
        self.notPassed = notPassed
    }
}

/// What is known of a schedule; written by its reconciler only.
package struct ScheduleStatus: Sendable, Codable, Equatable {
    /// The generation of the spec that this is about.
    package var observedGeneration: Int64?
    /// Every slot up to here has made its run, or was skipped for good.
    package var handledUntil: Timestamp?
    /// The newest slot that made a run.
    package var lastSlot: Timestamp?
    /// When the next run starts, jitter included.
    package var nextSlot: Timestamp?
    /// The runs that are not done, by name.
    package var active: [String]?
    /// The newest slots that made no run, the newest last; at most 20.
    package var skipped: [SkippedSlot]?
    package var targets: [ScheduledTargetStatus]?
    package var conditions: [Condition]?

    package init() {}
}

/// A slot that made no run, and why.
package struct SkippedSlot: Sendable, Codable, Equatable {
    package enum Reason: String, Sendable, Codable, CaseIterable {
        /// No controller looked in time.
        case missed
        /// The last run was still going on.
        case overlap
        case experimentMissing
        /// The target was harmed too short a time before.
        case minTimeBetween
        /// The harm would have lasted into closed hours.
        case wouldOverrun
        /// The experiment cannot be narrowed to the group.
        case groupConflict
        /// Something else has the run's name.
        case nameTaken
    }

    package var slot: Timestamp
    package var target: String?
    package var reason: Reason
    package var message: String

    package init(slot: Timestamp, target: String? = nil, reason: Reason, message: String) {
        self.slot = slot
        self.target = target
        self.reason = reason
        self.message = message
    }
}

/// What is known of one group of a schedule; without groups, of the experiment, whose name it then has.
package struct ScheduledTargetStatus: Sendable, Codable, Equatable {
    package var name: String
    /// When its newest run was made.
    package var lastStart: Timestamp?
    package var nextSlot: Timestamp?

    package init(name: String, lastStart: Timestamp? = nil, nextSlot: Timestamp? = nil) {
        self.name = name
        self.lastStart = lastStart
        self.nextSlot = nextSlot
    }
}
