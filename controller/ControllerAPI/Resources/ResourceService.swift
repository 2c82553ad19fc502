// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import ResourceStore

/// Reads and writes resources for the API.
struct ResourceService: Sendable {
    let store: any ResourceStore
    let environment: APIEnvironment

    /// Nil namespace means a kind that is in none.
    func key(_ target: ResourceTarget, _ kind: ResourceKind, name: String) -> ResourceKey {
        ResourceKey(kind: kind, namespace: target.namespace ?? "", name: name)
    }

    /// The document that a target names. Throws 404 when there is none.
    func document(_ target: ResourceTarget, _ kind: ResourceKind, name: String) async throws(StatusError)
        -> StoredDocument
    {
        let found = try await stored(target.resource, name) { () async throws(StoreError) in
            try await store.getDocument(key(target, kind, name: name))
        }
        guard let found else { throw .notFound(target.resource, name) }
        return found
    }

    /// Calls the store and says what its refusal means.
    func stored<T>(
        _ resource: ServedResource, _ name: String?, _ call: () async throws(StoreError) -> T
    ) async throws(StatusError) -> T {
        do throws(StoreError) { return try await call() } catch {
            switch error.code {
            case .notFound: throw .notFound(resource, name ?? "")
            case .alreadyExists: throw .alreadyExists(resource, name ?? "")
            default: throw StatusError(error, resource, name)
            }
        }
    }

    /// Throws 404 for a namespace that is not there, and 403 for one that is going.
    func checkNamespace(_ name: String?) async throws(StatusError) {
        guard let name else { return }
        let key = ResourceKey(kind: .namespace, namespace: "", name: name)
        let found = try await stored(.namespaces, name) { () async throws(StoreError) in
            try await store.getDocument(key)
        }
        guard let found else { throw .notFound(.namespaces, name) }
        let tree = try Rendering.tree(found)
        if tree.at(["metadata", "deletionTimestamp"]) != nil {
            throw .forbidden(
                "unable to create new content in namespace \(name) because it is being terminated", .namespaces,
                name: name)
        }
    }
}

/// What the API is given from outside: time, chance and what the machine knows.
package struct APIEnvironment: Sendable {
    /// The wall clock, for ages and timestamps.
    package var now: @Sendable () -> Timestamp
    /// From 0 up to, not including, 1.
    package var random: @Sendable () -> Double
    /// Waits for that long; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// The time zones that schedules and freezes may name.
    package var zones: TimeZoneNames

    package init(
        now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> Double,
        sleep: @escaping @Sendable (Duration) async throws -> Void, zones: TimeZoneNames
    ) {
        self.zones = zones
        self.now = now
        self.random = random
        self.sleep = sleep
    }

    /// Ends of generated names: five letters and digits without vowels, as Kubernetes makes them.
    func nameSuffix() -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String((0..<5).map { _ in letters[Int(random() * Double(letters.count))] })
    }

    /// A version 4 UUID (RFC 9562), for what is only tried.
    func uuid() -> String {
        var digits = (0..<32).map { _ in String(Int(random() * 16), radix: 16) }
        digits[12] = "4"
        digits[16] = ["8", "9", "a", "b"][Int(random() * 4)]
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { digits[$0].joined() }.joined(separator: "-")
    }
}
