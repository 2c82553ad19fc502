// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// One target that a run is about to harm.
package struct Reservation: Sendable, Equatable, Codable {
    /// The injection's uid: the same before and after a crash.
    package var id: String
    /// The run's uid, so that a run of the same name later is another run.
    package var run: String
    /// `account/region/instance`, so that two runs never hold the same target.
    package var target: String
    /// The group whose members are counted, or empty.
    package var group: String
    package var at: Timestamp

    package init(id: String, run: String, target: String, group: String, at: Timestamp) {
        self.id = id
        self.run = run
        self.target = target
        self.group = group
        self.at = at
    }
}

/// The caps that a reservation is held to.
package struct ReservationCaps: Sendable, Equatable {
    /// Injections of this run, finished or not; a target that is reserved twice counts twice.
    package var perRun: Int
    /// Over all runs in any 24 hours; nil when no policy says so. A reservation counts from when it is given until 24
    /// hours after its run has finished, as it may be acted on until then. Those 24 hours are measured by the machine's
    /// own running time, so that setting the date opens nothing, and by `at` only across a restart of the machine.
    package var perDay: Int?
    /// Reservations of one group by runs that are still under way; nil for no cap.
    package var perGroup: Int?
    /// Of one group, over all runs in any 24 hours, counted as `perDay` is.
    package var perGroupPerDay: Int?
    /// What refusals name as the source of each cap; nil for a cap of the run's own.
    package var rules = Rules()

    /// The rules that caps come from, such as `Policy/house-rules spec.maxTargetsPerDay`.
    package struct Rules: Sendable, Equatable {
        package var perRun: String?
        package var perDay: String?
        package var perGroup: String?
        package var perGroupPerDay: String?

        package init() {}
    }

    package init(perRun: Int, perDay: Int? = nil, perGroup: Int? = nil, perGroupPerDay: Int? = nil) {
        self.perRun = perRun
        self.perDay = perDay
        self.perGroup = perGroup
        self.perGroupPerDay = perGroupPerDay
    }
}

/// What came of asking for a reservation.
package enum ReservationOutcome: Sendable, Equatable {
    /// Held. The token is larger than every token given before.
    case held(fencingToken: Int64)
    /// Refused; the text names the cap and the numbers.
    case refused(reason: String)
}

/// A reservation as the store keeps it.
package struct HeldReservation: Sendable, Equatable {
    package var reservation: Reservation
    package var fencingToken: Int64
    /// Whether its run is over.
    package var isFinished: Bool

    package init(reservation: Reservation, fencingToken: Int64, isFinished: Bool) {
        self.reservation = reservation
        self.fencingToken = fencingToken
        self.isFinished = isFinished
    }
}
