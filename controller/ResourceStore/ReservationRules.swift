// SPDX-License-Identifier: Apache-2.0

/// What a store knows when it is asked for a new reservation, all read in the transaction that will write it.
package struct ReservationFacts: Sendable, Equatable {
    /// Whether the asking run was said to be over.
    package var isRunFinished: Bool
    /// Another run that is under way and holds the target; nil when none does.
    package var holder: String?
    /// Other reservations of the asking run.
    package var ofRun: Int
    /// Other reservations of all runs that may have been acted on in the last 24 hours, or may be yet.
    package var ofDay: Int
    /// Other reservations of the asked group by runs that are under way.
    package var ofGroup: Int
    /// Those of `ofDay` that are of the asked group.
    package var ofGroupAndDay: Int

    package init(isRunFinished: Bool, holder: String?, ofRun: Int, ofDay: Int, ofGroup: Int, ofGroupAndDay: Int) {
        self.isRunFinished = isRunFinished
        self.holder = holder
        self.ofRun = ofRun
        self.ofDay = ofDay
        self.ofGroup = ofGroup
        self.ofGroupAndDay = ofGroupAndDay
    }
}

/// Decides on reservations, for every store alike.
extension ReservationCaps {
    /// Why this may not be reserved, with the cap and the numbers; nil when it may.
    package func objection(to asked: Reservation, _ facts: ReservationFacts) -> String? {
        if facts.isRunFinished { return Self.finished(asked.run) }
        if let holder = facts.holder { return "\(asked.target) is held by run \(holder), which is under way" }
        if facts.ofRun >= perRun {
            return Self.over("this run has \(facts.ofRun) of at most \(perRun) targets already", rules.perRun)
        }
        if let perDay, facts.ofDay >= perDay {
            return Self.over(
                "\(facts.ofDay) of at most \(perDay) targets were taken in the last 24 hours, or are held", rules.perDay
            )
        }
        guard !asked.group.isEmpty else { return nil }
        if let perGroup, facts.ofGroup >= perGroup {
            return Self.over(
                "\(facts.ofGroup) of at most \(perGroup) targets of group \(asked.group) are held by runs under way",
                rules.perGroup)
        }
        if let perGroupPerDay, facts.ofGroupAndDay >= perGroupPerDay {
            return Self.over(
                "\(facts.ofGroupAndDay) of at most \(perGroupPerDay) targets of group \(asked.group) were taken in the "
                    + "last 24 hours, or are held", rules.perGroupPerDay)
        }
        return nil
    }

    private static func over(_ count: String, _ rule: String?) -> String { rule.map { "\($0): " + count } ?? count }

    /// What comes of asking again under an id that is held: refused when the caps have become too tight for it beside
    /// the others, which the facts count. Throws `.invalid` when it is held for something else.
    package func repeated(
        _ held: HeldReservation, _ asked: Reservation, _ facts: ReservationFacts
    ) throws(StoreError) -> ReservationOutcome {
        guard held.reservation.run == asked.run, held.reservation.target == asked.target else {
            throw StoreError(
                .invalid, "Reservation \(asked.id) is held for \(held.reservation.target), not \(asked.target).",
                hint: "Give each injection an id of its own.")
        }
        if let reason = objection(to: asked, facts) { return .refused(reason: reason) }
        return .held(fencingToken: held.fencingToken)
    }

    private static func finished(_ run: String) -> String { "run \(run) has finished" }
}
