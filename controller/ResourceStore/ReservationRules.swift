// SPDX-License-Identifier: Apache-2.0

/// What a store knows when it is asked for a new reservation, all read in the transaction that will write it.
package struct ReservationFacts: Sendable, Equatable {
    /// Whether the asking run was said to be over.
    package var isRunFinished: Bool
    /// Another run that is under way and holds the target; nil when none does.
    package var holder: String?
    /// Reservations of the asking run.
    package var ofRun: Int
    /// Reservations of all runs that may have been acted on in the last 24 hours, or may be yet.
    package var ofDay: Int
    /// Reservations of the asked group by runs that are under way.
    package var ofGroup: Int

    package init(isRunFinished: Bool, holder: String?, ofRun: Int, ofDay: Int, ofGroup: Int) {
        self.isRunFinished = isRunFinished
        self.holder = holder
        self.ofRun = ofRun
        self.ofDay = ofDay
        self.ofGroup = ofGroup
    }
}

/// Decides on reservations, for every store alike.
extension ReservationCaps {
    /// Why this may not be reserved, with the cap and the numbers; nil when it may.
    package func objection(to asked: Reservation, _ facts: ReservationFacts) -> String? {
        if facts.isRunFinished { return Self.finished(asked.run) }
        if let holder = facts.holder { return "\(asked.target) is held by run \(holder), which is under way" }
        if facts.ofRun >= perRun { return "this run has \(facts.ofRun) of at most \(perRun) targets already" }
        if let perDay, facts.ofDay >= perDay {
            return "\(facts.ofDay) of at most \(perDay) targets were taken in the last 24 hours, or are held"
        }
        if let perGroup, !asked.group.isEmpty, facts.ofGroup >= perGroup {
            return "\(facts.ofGroup) of at most \(perGroup) targets of group \(asked.group) are held by runs under way"
        }
        return nil
    }

    /// What comes of asking again under an id that is held. Throws `.invalid` when it is held for something else.
    package static func repeated(
        _ held: HeldReservation, _ asked: Reservation
    ) throws(StoreError) -> ReservationOutcome {
        guard held.reservation.run == asked.run, held.reservation.target == asked.target else {
            throw StoreError(
                .invalid, "Reservation \(asked.id) is held for \(held.reservation.target), not \(asked.target).",
                hint: "Give each injection an id of its own.")
        }
        return held.isFinished ? .refused(reason: finished(asked.run)) : .held(fencingToken: held.fencingToken)
    }

    private static func finished(_ run: String) -> String { "run \(run) has finished" }
}
