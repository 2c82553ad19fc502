// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import Logging
internal import ResourceClient

/// Ends a reflector whose user has seen what he waited for.
private struct SeenEnough: Error {}

/// A Rebound controller's server.
struct ServerBackend: Backend {
    let client: ResourceClient
    /// The wall clock, for progress that is shown.
    let now: @Sendable () -> Timestamp
    let isServer = true
    var title: String { "the server \(client.connection.server)" }

    func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws -> R? {
        do throws(ClientError) {
            return try await client.get(R.self, namespace: namespace, name: name)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    func list<R: Resource>(_ type: R.Type, namespace: String?, selection: Selection) async throws -> Listing<R> {
        let page = try await client.list(
            R.self, namespace: R.kind.isNamespaced ? namespace : nil, selection: selection.onServer)
        return Listing(items: page.items, resourceVersion: page.resourceVersion)
    }

    func follow<R: Resource>(
        _ type: R.Type, namespace: String?, selection: Selection,
        until isEnough: (ResourceStep<R>) async throws -> Bool
    ) async throws {
        let reflector = Reflector<R>(
            client, namespace: R.kind.isNamespaced ? namespace : nil, selection: selection.onServer,
            schedule: RetrySchedule(first: .milliseconds(250), most: .seconds(10)))
        do {
            try await reflector.run { step in
                guard let step = try Self.step(step) else { return }
                if try await isEnough(step) { throw SeenEnough() }
            }
        } catch is SeenEnough {}
    }

    /// Nil for what is nothing new. Throws what will not change by waiting: then there is nothing to follow.
    private static func step<R: Resource>(_ step: ReflectorStep<R>) throws(ClientError) -> ResourceStep<R>? {
        switch step {
        case .replaced(let items, let version): .listed(Listing(items: items, resourceVersion: version))
        case .added(let resource): .added(resource)
        case .modified(let resource): .modified(resource)
        case .deleted(let resource): .deleted(resource)
        case .current: nil
        case .trouble(let error, let wait):
            switch error.code {
            case .misconfigured, .unauthorized, .forbidden, .notFound, .invalid, .unsupported: throw error
            default: .trouble("\(error.message); trying again in \(Measures.running(wait))")
            }
        }
    }

    func create<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R {
        try await client.create(resource, dryRun: dryRun)
    }

    func update<R: Resource>(_ resource: R, dryRun: Bool) async throws -> R {
        do throws(ClientError) {
            return try await client.update(resource, dryRun: dryRun)
        } catch {
            if error.code == .conflict { throw BackendConflict() }
            throw error
        }
    }

    func delete(_ key: ResourceKey, dryRun: Bool) async throws {
        var options = DeletionOptions()
        options.dryRun = dryRun
        try await client.delete(key, options: options)
    }

    func control(_ logger: Logger) async throws -> RunControl { RunControl(ServerRuns(backend: self)) }
}
