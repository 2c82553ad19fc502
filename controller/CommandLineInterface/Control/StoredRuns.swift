// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ResourceStore

/// Finds runs in a store.
struct StoredRuns {
    var store: any ResourceStore

    /// Runs that are not done, the oldest first.
    func unfinished() async throws -> [Run] {
        try await store.list(Run.self, namespace: nil, labels: [:]).items
            .filter { $0.status?.phase != .done }
            .sorted { $0.metadata.creationOrder < $1.metadata.creationOrder }
    }

    /// The run of that name. Throws a failure that names the nearest there is.
    func named(_ name: String, namespace: String) async throws -> Run {
        if let run = try await store.get(Run.self, namespace: namespace, name: name) { return run }
        let names = try await store.list(Run.self, namespace: nil, labels: [:]).items
            .sorted { $0.metadata.creationOrder > $1.metadata.creationOrder }.prefix(3)
            .map { "\($0.metadata.namespace ?? "default")/\($0.metadata.name)" }
        let hint = names.isEmpty ? "The store holds no run." : "The newest runs are \(names.joined(separator: ", "))."
        throw CommandFailure(.error, "there is no run \(name) in the namespace \(namespace)", hint: hint)
    }
}

extension ObjectMetadata {
    /// Sorts by creation; what was never created comes first.
    var creationOrder: Int64 { creationTimestamp?.nanosecondsSinceEpoch ?? .min }
}
