// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What a reflector learned.
package enum ReflectorStep<R: Resource>: Sendable {
    /// The whole truth as of a version: at the start, and when changes were lost. What is not in it is gone.
    case replaced([R], resourceVersion: String)
    case added(R)
    case modified(R)
    case deleted(R)
    /// Nothing changed up to this version.
    case current(resourceVersion: String)
    /// The link is broken, or the server refused; tried again after the wait. What is known stays true as of before.
    case trouble(ClientError, retryAfter: Duration)
}

/// Keeps a mirror of a kind: lists once, then watches, for as long as it is wanted. When the server ends the watch or
/// the link breaks, it watches again from the last version; when that is no longer known, it lists again. Waits grow
/// with failures, by chance, and begin anew with the first word that arrives.
package struct Reflector<R: Resource>: Sendable {
    private let client: ResourceClient
    private let namespace: String?
    private let selection: ListSelection
    private let schedule: RetrySchedule

    /// A nil namespace means all of them.
    package init(_ client: ResourceClient, namespace: String?, selection: ListSelection, schedule: RetrySchedule) {
        self.client = client
        self.namespace = namespace
        self.selection = selection
        self.schedule = schedule
    }

    /// Tells every step, in order, each when the one before was handled: a slow handler slows the server down, and
    /// nothing piles up. Ends by throwing `CancellationError`, or what `handle` throws.
    package func run(_ handle: (ReflectorStep<R>) async throws -> Void) async throws {
        var state = ReflectorState()
        while true {
            try Task.checkCancellation()
            do {
                switch state.next {
                case .list: try await list(&state, handle)
                case .watch(let version): try await watch(after: version, &state, handle)
                }
            } catch let error as ClientError {
                try Task.checkCancellation()
                state.failed(error)
                // A version that is too old is no trouble: the list that follows is the answer.
                if error.code == .expired, state.failures <= 1 { continue }
                let own = schedule.wait(afterFailures: state.failures, chance: client.chance())
                let wait = max(own, min(error.retryAfter ?? .zero, schedule.most))
                try await handle(.trouble(error, retryAfter: wait))
                try await client.clock.sleep(for: wait)
            }
        }
    }

    private func list(_ state: inout ReflectorState, _ handle: (ReflectorStep<R>) async throws -> Void) async throws {
        let page: ResourcePage<R> = try await client.list(R.self, namespace: namespace, selection: selection)
        try await handle(.replaced(page.items, resourceVersion: page.resourceVersion))
        state.listed(page.resourceVersion)
    }

    private func watch(
        after version: String, _ state: inout ReflectorState, _ handle: (ReflectorStep<R>) async throws -> Void
    ) async throws {
        // Between five and ten minutes, by chance, so that many clients do not come back at once.
        let lifetime = Duration.seconds(300) + .seconds(300) * client.chance()
        let events: ResourceWatch<R> = try await client.watch(
            R.self, namespace: namespace, selection: selection, after: version, lifetime: lifetime)
        for try await event in events {
            switch event {
            case .added(let resource): try await handle(.added(resource))
            case .modified(let resource): try await handle(.modified(resource))
            case .deleted(let resource): try await handle(.deleted(resource))
            case .bookmark(let version, _): try await handle(.current(resourceVersion: version))
            }
            if let version = event.resourceVersion { state.saw(version) }
        }
        try state.ended()
    }
}

/// Where a reflector stands, as a value.
struct ReflectorState: Equatable {
    enum Step: Equatable {
        case list
        case watch(after: String)
    }

    private(set) var next = Step.list
    /// Failures since the last word that arrived.
    private(set) var failures = 0
    private var heardSinceStart = false

    mutating func listed(_ version: String) {
        next = .watch(after: version)
        failures = 0
        heardSinceStart = false
    }

    mutating func saw(_ version: String) {
        next = .watch(after: version)
        failures = 0
        heardSinceStart = true
    }

    /// The server ended a watch. One that ends without a word, again and again, would be a loop without a pause: that
    /// is trouble.
    mutating func ended() throws(ClientError) {
        defer { heardSinceStart = false }
        guard !heardSinceStart else { return }
        throw ClientError(.unavailable, "the server ended a watch without a word", hint: "See the controller's log.")
    }

    /// An event that cannot be read would come again from the same version: only a fresh list leads past it.
    mutating func failed(_ error: ClientError) {
        failures += 1
        heardSinceStart = false
        if error.code == .expired || error.code == .undecodable { next = .list }
    }
}
