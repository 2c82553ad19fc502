// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import Logging
internal import ResourceStore

/// The store on this machine. What is driven is driven by this process, or by another that shares the store.
struct StoreBackend: Backend {
    let store: any ResourceStore
    let makeControl: @Sendable (any ResourceStore, Logger) async throws -> RunControl
    let title = "the store"
    let isServer = false

    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws -> R? {
        try await store.get(R.self, namespace: R.kind.isNamespaced ? namespace : "", name: name)
    }

    func list<R: Resource>(_ type: R.Type, namespace: String?, selection: Selection) async throws -> Listing<R> {
        let wanted = R.kind.isNamespaced ? namespace : nil
        let list = try await store.list(R.self, namespace: wanted, labels: [:])
        return Listing(items: list.items.filter(selection.takes), resourceVersion: list.resourceVersion)
    }

    func follow<R: Resource>(
        _ type: R.Type, namespace: String?, selection: Selection,
        until isEnough: (ResourceStep<R>) async throws -> Bool
    ) async throws {
        while true {
            var known = KnownResources<R>(selection)
            let list = try await list(R.self, namespace: namespace, selection: selection)
            known.begin(with: list.items)
            if try await isEnough(.listed(list)) { return }
            do {
                for try await change in store.watch(R.kind, after: list.resourceVersion) {
                    let place = change.key.namespace
                    guard !R.kind.isNamespaced || namespace == nil || place == namespace else { continue }
                    let now = try await store.get(R.self, namespace: place, name: change.key.name)
                    if let step = known.step(to: now, key: change.key), try await isEnough(step) { return }
                }
                try Task.checkCancellation()
            } catch let error as StoreError where error.code == .expired {
                continue  // The changes between are lost: the next list holds what they led to.
            }
        }
    }

    func create<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R {
        if dryRun { return resource }
        return try await store.create(resource)
    }

    func update<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R {
        if dryRun { return resource }
        do throws(StoreError) { return try await store.update(resource) } catch {
            if error.code == .conflict { throw BackendConflict() }
            throw error
        }
    }

    func delete(_ key: ResourceKey, dryRun: Bool) async throws {
        if !dryRun { try await store.delete(key) }
    }

    func control(_ logger: Logger) async throws -> RunControl { try await makeControl(store, logger) }
}

/// What a follower of a store has seen: a change names a key only, and whether a resource came, changed, went, or left
/// the selection is told from what was known of it.
struct KnownResources<R: Resource> {
    private let selection: Selection
    private var known: [ResourceKey: R] = [:]

    init(_ selection: Selection) { self.selection = selection }

    mutating func begin(with resources: [R]) {
        known = Dictionary(resources.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    /// The step from what was known to what is there now; nil when nothing is to be told.
    mutating func step(to now: R?, key: ResourceKey) -> ResourceStep<R>? {
        let before = known[key]
        guard let now, selection.takes(now) else {
            known[key] = nil
            return (now ?? before).flatMap { last in before == nil ? nil : .deleted(last) }
        }
        known[key] = now
        if before == nil { return .added(now) }
        return before?.metadata.resourceVersion == now.metadata.resourceVersion ? nil : .modified(now)
    }
}
