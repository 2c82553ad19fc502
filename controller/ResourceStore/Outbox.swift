// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// One report on its way to one destination.
package struct OutboxEntry: Sendable, Codable, Equatable {
    package var id: String
    package var run: String
    /// Grows within a run: reports leave in this order for each destination.
    package var sequence: Int64
    package var event: ReportEventKind
    /// The destination as the manifest gave it.
    package var report: ReportSpec
    package var payload: String
    package var attempts: Int
    package var nextAttempt: Timestamp?
    package var deliveredAt: Timestamp?
    package var gaveUpAt: Timestamp?
    package var lastError: String?

    package init(
        id: String, run: String, sequence: Int64, event: ReportEventKind, report: ReportSpec,
        payload: String
    ) {
        self.id = id
        self.run = run
        self.sequence = sequence
        self.event = event
        self.report = report
        self.payload = payload
        attempts = 0
    }
}

extension OutboxEntry {
    package var queue: ReportQueue {
        let place = id.lastIndex(of: "/").map(id.index(after:)) ?? id.startIndex
        return ReportQueue(run: run, destination: String(id[place...]))
    }
}

/// The reports of one run for one of its destinations, which leave in order.
package struct ReportQueue: Sendable, Hashable {
    package var run: String
    /// The destination's place in the manifest's list, which ends a report's id: two of them may go to the same
    /// address.
    package var destination: String

    package init(run: String, destination: String) {
        self.run = run
        self.destination = destination
    }
}

/// What a report is known by, without its payload.
package struct ReportSlip: Sendable, Equatable {
    package var id: String
    package var sequence: Int64
    /// Neither delivered nor given up.
    package var isPending: Bool

    package init(id: String, sequence: Int64, isPending: Bool) {
        self.id = id
        self.sequence = sequence
        self.isPending = isPending
    }
}

/// Observations or sightings of one run, as written at one time.
package struct MeasurementChunk: Sendable, Equatable {
    package enum Content: String, Sendable { case observations, sightings }
    package var run: String
    package var content: Content
    package var data: [UInt8]

    package init(run: String, content: Content, data: [UInt8]) {
        self.run = run
        self.content = content
        self.data = data
    }
}
