// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What the steps of an injection use of the store, and no more: so that ten thousand histories can be lived through
/// with the store's rules in memory, where the store itself would take minutes.
protocol InjectionRecords: Sendable {
    func policies() async throws(StoreError) -> [Policy]
    func run(_ key: ResourceKey) async throws(StoreError) -> Run?
    /// Every run of every namespace.
    func runs() async throws(StoreError) -> [Run]
    /// Writes the status onto the version that was read. Throws `.conflict` for another version.
    func write(_ injection: Injection) async throws(StoreError) -> Injection
    func reserve(_ reservation: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome
    func release(reservation id: String) async throws(StoreError)
    /// Adds to the audit.
    func record(_ entry: AuditEntry) async throws(StoreError)
    /// The same, before whatever else waits to be written.
    func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError)
}

/// The records in the store.
struct StoredRecords: InjectionRecords {
    let store: any ResourceStore

    func policies() async throws(StoreError) -> [Policy] {
        try await store.list(Policy.self, namespace: nil, labels: [:]).items
    }

    func run(_ key: ResourceKey) async throws(StoreError) -> Run? {
        try await store.get(Run.self, namespace: key.namespace, name: key.name)
    }

    func runs() async throws(StoreError) -> [Run] { try await store.list(Run.self, namespace: nil, labels: [:]).items }

    func write(_ injection: Injection) async throws(StoreError) -> Injection {
        try await store.updateStatus(injection)
    }

    func reserve(_ reservation: Reservation, caps: ReservationCaps) async throws(StoreError) -> ReservationOutcome {
        try await store.reserve(reservation, caps: caps)
    }

    func release(reservation id: String) async throws(StoreError) { try await store.release(reservation: id) }

    func record(_ entry: AuditEntry) async throws(StoreError) { try await store.record(entry) }

    func recordUndoIntent(_ entry: AuditEntry) async throws(StoreError) { try await store.recordUndoIntent(entry) }
}
