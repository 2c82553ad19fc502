// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Keeps the resources. One contract for the embedded database and, later, for a cluster's own store.
///
/// Every write is durable when its call returns, is whole or not there at all, and is not stopped by cancellation: an
/// undo must be able to write from a cancelled task. `resourceVersion` grows with every change in the store; a write
/// whose version is not the stored one is refused with `.conflict` and changes nothing. Several processes may share a
/// store; that it is busy never shows.
package protocol ResourceStore: DocumentStore, AuditTrail {
    /// Nil when there is none of that name.
    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws(StoreError) -> R?
    /// A nil namespace lists them all. All labels must be equal. Ordered by namespace and name.
    func list<R: Resource>(_ type: R.Type, namespace: String?, labels: [String: String]) async throws(StoreError)
        -> ResourceList<R>
    /// Sets uid, generation 1, creation time and version, and the authors (`Authorship`). A status is not taken over:
    /// write it with `updateStatus`. Throws `.alreadyExists`, and `.invalid` when a version is set already.
    func create<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Writes metadata and spec; keeps the stored status, uid, creation and deletion time, and the authors, of whom the
    /// writer is one when the spec changed. The generation grows with the spec. An update that changes nothing keeps
    /// the version. Taking away the last finalizer of a deleted resource removes it. Throws `.notFound`, `.conflict`,
    /// and `.invalid` when no version is given.
    func update<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Writes the status; keeps the stored spec and metadata. Throws as `update` does.
    func updateStatus<R: Resource>(_ resource: R) async throws(StoreError) -> R
    /// Sets the deletion time while finalizers are left; removes the resource, and what only it owns, when none is.
    /// Deleting again changes nothing. With a version, throws `.conflict` and changes nothing when another one is
    /// stored. Throws `.notFound`.
    ///
    /// Dependents that are to stay lose this owner in the same transaction; those that come later, while finalizers
    /// hold the owner, go with it. Injections go with their run all the same: left behind, they would be found by the
    /// next run of that name.
    func delete(
        _ key: ResourceKey, ifVersion version: String?, dependents: DependentRule
    ) async throws(StoreError)
    /// Changes after `version` in order, then new ones as they happen, until the task is cancelled. Ends with
    /// `StoreError` `.expired` when the store no longer knows the changes after `version`: list again, watch from
    /// there.
    func watch(_ kind: ResourceKind, after version: String) -> AsyncThrowingStream<ResourceChange, any Error>

    /// Reserves one target against the caps, all in one transaction. The same id twice is one reservation with one
    /// token. Refused: over a cap; a target that another run holds; a run that has finished. One that is held and asked
    /// for again under tighter caps, which it and the others are over, is refused too, and counts until it is released.
    func reserve(_ reservation: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome
    /// Gives a reservation back as if it had never been: only for an injection that provably changed nothing.
    func release(reservation id: String) async throws(StoreError)
    /// Says that a run is over and will harm nothing more: its targets are free again and no longer count for their
    /// groups, but go on counting for the day. From now on the run gets no reservation. Twice is as once.
    func finish(run: String) async throws(StoreError)
    /// The reservations of a run in the order of their tokens.
    func reservations(run: String) async throws(StoreError) -> [HeldReservation]

    /// Puts a report into the outbox. The same id twice is one entry: the first.
    func enqueue(_ entry: OutboxEntry) async throws(StoreError)
    /// Entries neither delivered nor given up, the oldest first within each run and destination.
    func pendingReports(run: String?) async throws(StoreError) -> [OutboxEntry]
    /// The queues whose first pending entry is due at `now`, those that wait longest first, at most `most`. Costs no
    /// payload.
    func dueReports(run: String?, now: Timestamp, most: Int) async throws(StoreError) -> [ReportQueue]
    /// The first entries of a queue that are neither delivered nor given up, in the order in which they leave.
    func pendingReports(in queue: ReportQueue, most: Int) async throws(StoreError) -> [OutboxEntry]
    /// All entries of a run, delivered or not, in the order of their sequence.
    func deliveries(run: String) async throws(StoreError) -> [OutboxEntry]
    /// The slips of all entries of a run in the order of their sequence: cheap enough to look at again and again.
    func reportSlips(run: String) async throws(StoreError) -> [ReportSlip]
    /// Writes what became of an entry: attempts, next attempt, delivered, gave up, error. Throws `.notFound`.
    func updateOutbox(_ entry: OutboxEntry) async throws(StoreError)

    /// Bulk measurements of a run, appended in chunks and read back in the order written.
    func append(chunk: MeasurementChunk) async throws(StoreError)
    /// Empty when nothing was measured.
    func chunks(run: String) async throws(StoreError) -> [MeasurementChunk]
    /// The same without the first `count` of them, and at most `most`, for readers that follow a run.
    func chunks(run: String, after count: Int, most: Int) async throws(StoreError) -> [MeasurementChunk]

    /// A lease that one process at a time holds, with a token that grows with every new holder. The holder renews it by
    /// asking again, and keeps its token.
    func acquireLease(_ name: String, holder: String, for duration: Duration, now: Timestamp) async throws(StoreError)
        -> LeaseOutcome
    /// Lets go of a lease; a lease that is another's, or nobody's, is left as it is.
    func releaseLease(_ name: String, holder: String) async throws(StoreError)
}

extension ResourceStore {
    /// Deletes whatever version is stored, and what only it owns.
    package func delete(_ key: ResourceKey) async throws(StoreError) { try await delete(key, ifVersion: nil) }

    /// Deletes it and what only it owns.
    package func delete(_ key: ResourceKey, ifVersion version: String?) async throws(StoreError) {
        try await delete(key, ifVersion: version, dependents: .goAlong)
    }
}

/// What becomes of that which a deleted resource owns.
package enum DependentRule: String, Sendable, CaseIterable {
    /// It is deleted, unless something else owns it too.
    case goAlong
    /// It is left, without this owner.
    case stay
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
