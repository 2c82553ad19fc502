// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Keeps the resources. One contract for the embedded database and, later, for a cluster's own store.
///
/// Every write is durable when its call returns. `resourceVersion` grows with every change in the store; a write whose
/// version is not the stored one is refused with `.conflict` and changes nothing.
package protocol ResourceStore: Sendable {
    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws(StoreError) -> R?
    /// A nil namespace lists them all. Ordered by namespace and name.
    func list<R: Resource>(_ type: R.Type, namespace: String?, labels: [String: String]) async throws(StoreError)
        -> ResourceList<R>
    /// Sets uid, generation 1, creation time and version. Throws `.alreadyExists`.
    func create<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Writes metadata and spec; keeps the stored status. The generation grows when the spec changed.
    func update<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Writes the status; keeps the stored spec and metadata.
    func updateStatus<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Sets the deletion time while finalizers are left; removes the resource, and what it owns, when none is.
    func delete(_ key: ResourceKey) async throws(StoreError)
    /// Changes after `version` in order, then new ones as they happen, until the task is cancelled.
    func watch(_ kind: ResourceKind, after version: String) -> AsyncThrowingStream<ResourceChange, any Error>

    /// Reserves one target against the caps, all in one transaction. The same id twice is one reservation.
    func reserve(_ reservation: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome
    /// Gives a reservation back: only for an injection that provably changed nothing.
    func release(reservation id: String) async throws(StoreError)

    /// Puts a report into the outbox. The same id twice is one entry.
    func enqueue(_ entry: OutboxEntry) async throws(StoreError)
    /// Undelivered entries, the oldest first within each run and destination.
    func pendingReports(run: String?) async throws(StoreError) -> [OutboxEntry]
    func deliveries(run: String) async throws(StoreError) -> [OutboxEntry]
    func updateOutbox(_ entry: OutboxEntry) async throws(StoreError)

    /// Bulk measurements of a run, appended in chunks and read back in the order written.
    func append(chunk: MeasurementChunk) async throws(StoreError)
    func chunks(run: String) async throws(StoreError) -> [MeasurementChunk]

    /// A lease that one process at a time holds, with a token that grows with every new holder.
    func acquireLease(_ name: String, holder: String, for duration: Duration, now: Timestamp) async throws(StoreError)
        -> LeaseOutcome
    func releaseLease(_ name: String, holder: String) async throws(StoreError)
}

/// Resources, and the version of the store at which this was the whole truth.
package struct ResourceList<R: Resource>: Sendable {
    package var items: [R]
    package var resourceVersion: String

    package init(items: [R], resourceVersion: String) {
        self.items = items
        self.resourceVersion = resourceVersion
    }
}

/// One change, as a watcher sees it.
package struct ResourceChange: Sendable, Equatable {
    package enum Kind: String, Sendable { case added, modified, deleted }
    package var change: Kind
    package var key: ResourceKey
    package var resourceVersion: String

    package init(change: Kind, key: ResourceKey, resourceVersion: String) {
        self.change = change
        self.key = key
        self.resourceVersion = resourceVersion
    }
}

/// One target that a run is about to harm.
package struct Reservation: Sendable, Equatable, Codable {
    /// The injection's uid: the same before and after a crash.
    package var id: String
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
    package var perRun: Int
    /// Over all runs in the 24 hours before `at`; nil when no policy says so.
    package var perDay: Int?
    /// Reservations of one group by runs that are still under way; nil for no cap.
    package var perGroup: Int?

    package init(perRun: Int, perDay: Int? = nil, perGroup: Int? = nil) {
        self.perRun = perRun
        self.perDay = perDay
        self.perGroup = perGroup
    }
}

/// What came of asking for a reservation.
package enum ReservationOutcome: Sendable, Equatable {
    /// Held. The token is larger than every token given before.
    case held(fencingToken: Int64)
    /// Refused; the text names the cap and the numbers.
    case refused(reason: String)
}

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

/// What came of asking for a lease.
package enum LeaseOutcome: Sendable, Equatable {
    case held(token: Int64)
    case heldByOther(holder: String, until: Timestamp)
}

/// Why a store did not do what it was asked.
package struct StoreError: Error, Sendable {
    package enum Code: String, Sendable {
        case notFound, alreadyExists, conflict, expired, unavailable, full, readOnly, corrupt, invalid
    }
    package var code: Code
    package var message: String
    package var hint: String
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, hint: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }
}
