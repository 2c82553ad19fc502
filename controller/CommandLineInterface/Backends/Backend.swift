// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import Logging

/// Where the commands find the resources: a store on this machine, or a server. The verbs are the same on both.
package protocol Backend: Sendable {
    /// What it is, for messages: `the store`, `the server https://rebound.example`.
    var title: String { get }
    /// Whether somebody else drives the runs.
    var isServer: Bool { get }
    /// Nil when there is none of that name.
    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws -> R?
    /// A nil namespace lists them all. Ordered by namespace and name.
    func list<R: Resource>(_ type: R.Type, namespace: String?, selection: Selection) async throws -> Listing<R>
    /// Tells what there is, and then every change, until `isEnough` says so or the task is cancelled.
    func follow<R: Resource>(
        _ type: R.Type, namespace: String?, selection: Selection,
        until isEnough: (ResourceStep<R>) async throws -> Bool
    ) async throws
    /// Throws a failure when it is there already.
    func create<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R
    /// Writes metadata and spec. Throws `BackendConflict` when somebody changed it since it was read.
    func update<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R
    /// Deletes, or begins to. Throws a failure when there is none of that name.
    func delete(_ key: ResourceKey, dryRun: Bool) async throws
    /// The part that plans, drives and stops.
    func control(_ logger: Logger) async throws -> RunControl
}

/// Somebody else changed the resource meanwhile: read it again, and repeat.
package struct BackendConflict: Error, Sendable { package init() {} }

/// Resources, and as of when they are the whole truth.
package struct Listing<R: Resource>: Sendable {
    package var items: [R]
    package var resourceVersion: String

    package init(items: [R], resourceVersion: String) {
        self.items = items
        self.resourceVersion = resourceVersion
    }
}

/// What one who follows learns.
package enum ResourceStep<R: Resource>: Sendable {
    /// Everything there is: at the start, and after changes were lost.
    case listed(Listing<R>)
    case added(R)
    case modified(R)
    /// The last state that is known.
    case deleted(R)
    /// The link is broken, and tried again.
    case trouble(String)
}

extension Backend {
    /// The resource of that name. Throws a failure that names the nearest there is, or where to look.
    func existing<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws -> R {
        if let resource = try await get(R.self, namespace: namespace, name: name) { return resource }
        throw await missing(R.self, namespace: namespace, name: name)
    }

    /// The failure for a name that is not there.
    func missing<R: Resource>(_ type: R.Type, namespace: String, name: String) async -> CommandFailure {
        let place = R.kind.isNamespaced ? " in the namespace \(namespace)" : ""
        let word = R.kind.rawValue.lowercased()
        // Only for the hint: when this fails too, the hint is shorter.
        let listed = (try? await list(R.self, namespace: nil, selection: Selection()).items) ?? []
        return CommandFailure(
            .error, "there is no \(word) \(name)\(place)",
            hint: Self.hint(listed.map { ($0.metadata, $0.metadata.creationOrder) }, R.kind, name))
    }

    private static func hint(_ known: [(ObjectMetadata, Int64)], _ kind: ResourceKind, _ name: String) -> String {
        let word = kind.rawValue.lowercased()
        guard !known.isEmpty else { return "There is no \(word) at all." }
        if let near = NearMiss.nearest(to: name, in: known.map(\.0.name).filter({ $0 != name })) {
            return "Did you mean \(near)?"
        }
        let newest = known.sorted { $0.1 > $1.1 }.prefix(3).map { metadata, _ in
            kind.isNamespaced ? "\(metadata.namespace ?? "default")/\(metadata.name)" : metadata.name
        }
        return "The newest \(kind.plural) are \(newest.joined(separator: ", "))."
    }
}
