// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Logging
import ReconcileLoop
import ResourceStore
import Scheduling
import Synchronization

/// Driving runs to their end, in this process, each under a lease.
extension ExperimentController {
    /// Takes one run from wherever it is to Done. To end it early, ask for an abort: undoing is then waited for.
    /// Cancelling the task instead leaves the run where it is, for the next process to take up. Throws `.busy` when
    /// another process drives it, `.store` when the store stays unusable and nothing is left to put back.
    package func drive(run name: String, namespace: String) async throws(ExperimentError) -> Run {
        let key = ResourceKey(kind: .run, namespace: namespace, name: name)
        let leases = HeldLeases(
            holder: holder, store: store, clock: clock, duration: options.leaseDuration, logger: logger)
        try await leases.hold(key)
        watches.awaitEnding(of: key)
        let failure = FirstFailure()
        await withDiscardingTaskGroup { group in
            group.addTask { await leases.renew() }
            group.addTask { await self.deliverReports() }
            group.addTask { await self.watchHalt() }
            await reconcile([key], workers: 1, leases: leases, failure: failure)
            group.cancelAll()
        }
        await leases.releaseAll()
        let ended = watches.ending(of: key)
        if let failure = failure.error { throw failure }
        // A run that was deleted is gone when it is done.
        if let ended { return ended }
        return try await stored(name, namespace)
    }

    /// Drives every run that is not done, and those that come, and empties the outbox, until the task is cancelled.
    /// Then the runs are left where they are.
    package func driveAll() async throws(ExperimentError) {
        let keys = try await unfinishedRuns().map(\.key)
        let leases = HeldLeases(
            holder: holder, store: store, clock: clock, duration: options.leaseDuration, logger: logger)
        await withDiscardingTaskGroup { group in
            group.addTask { await leases.renew() }
            group.addTask { await self.deliverReports() }
            group.addTask { await self.watchHalt() }
            await reconcile(keys, workers: 64, leases: leases, failure: nil)
            group.cancelAll()
        }
        await leases.releaseAll()
    }

    /// Runs the loop over these keys. With `failure` it ends when they are settled; without, it goes on with every
    /// change.
    private func reconcile(_ keys: [ResourceKey], workers: Int, leases: HeldLeases, failure: FirstFailure?) async {
        let (settled, settle) = AsyncStream.makeStream(of: ResourceKey.self)
        let active = ActiveKeys(keys)
        let waker = Waker()
        let elsewhere = DrivenElsewhere(logger: logger)
        let reconciler = reconciler(leases, givesUp: failure != nil) { await waker.wake($0) }
        let loop = ReconcileLoop<ResourceKey, ExperimentError>(
            workers: workers, backoff: Backoff(first: .milliseconds(100), most: .seconds(5)), clock: ContinuousClock(),
            chance: SeededGenerator(seed: newSeed()),
            observe: { [logger] key, outcome, _ in
                switch outcome {
                case .settled: settle.yield(key)
                case .gaveUp(let error):
                    failure?.note(error)
                    settle.yield(key)
                case .retry(let error):
                    logger.warning("run step failed", metadata: ["run": "\(key.name)", "reason": "\(error.message)"])
                case .lookAgain: break
                }
            },
            reconcile: { key in
                do throws(ExperimentError) { try await leases.hold(key) } catch {
                    // A lease that cannot be written is nobody's: what this process holds is put back.
                    let isUnwritable = (error.cause as? StoreError)?.forbidsWriting ?? false
                    if isUnwritable, await leases.wasHeld(key) { await reconciler.revertUnrecorded(key) }
                    guard error.code == .busy, failure == nil else { return .retry(error) }
                    elsewhere.note(key, error)
                    await reconciler.letGo(key)
                    return .lookAgain(after: .seconds(1))
                }
                elsewhere.takenOver(key)
                return await reconciler.reconcile(key)
            })
        waker.wakes { await loop.enqueue($0) }
        for key in keys { await loop.enqueue(key) }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchRuns(loop, active, isOn: failure == nil) }
            group.addTask { await self.watchPolicies(loop, active) }
            group.addTask {
                for await key in settled {
                    await leases.release(key)
                    if active.remove(key), failure != nil { await loop.shutdown() }
                }
            }
            await loop.run()
            settle.finish()
            group.cancelAll()
        }
        await watches.flights.cancelAll()
        // What was measured is written before the runs are given away; and nobody is asked any more.
        await withDiscardingTaskGroup { group in
            for key in active.all { group.addTask { await reconciler.letGo(key) } }
        }
    }

    /// Gives every changed run a turn: one that is aborted or approved, by whatever process, and with `isOn` also those
    /// that are created.
    private func watchRuns(
        _ loop: ReconcileLoop<ResourceKey, ExperimentError>, _ active: ActiveKeys, isOn: Bool
    ) async {
        while !Task.isCancelled {
            do {
                let version = try await store.list(Run.self, namespace: nil, labels: [:])
                for run in version.items where run.status?.phase != .done && (isOn || active.contains(run.key)) {
                    active.insert(run.key)
                    await loop.enqueue(run.key)
                }
                for try await change in store.watch(.run, after: version.resourceVersion) {
                    if try await isCalling(change, active, isOn: isOn) { await loop.enqueue(change.key) }
                }
            } catch {
                logger.warning("watch on runs ended", metadata: ["reason": "\(error)"])
                do { try await clock.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Whether a change is a new run, or what the driver of a run waits for, and not the driver's own writing.
    private func isCalling(
        _ change: ResourceChange, _ active: ActiveKeys, isOn: Bool
    ) async throws(StoreError) -> Bool {
        let key = change.key
        if change.change == .added, isOn {
            active.insert(key)
            return true
        }
        guard change.change == .modified, active.contains(key) else { return false }
        guard let run = try await store.get(Run.self, namespace: key.namespace, name: key.name) else { return true }
        let isEnded = run.spec.abort != nil || run.metadata.deletionTimestamp != nil
        return isEnded && run.status?.aborted == nil || run.status?.phase == .awaitingApproval
    }

    /// Gives every run a turn when a policy changes, or this process orders a halt.
    private func watchPolicies(_ loop: ReconcileLoop<ResourceKey, ExperimentError>, _ active: ActiveKeys) async {
        let number = halts.listen { for key in active.all { await loop.enqueue(key) } }
        defer { halts.forget(number) }
        while !Task.isCancelled {
            do {
                let version = try await store.list(Policy.self, namespace: nil, labels: [:]).resourceVersion
                await halts.wakeAll()
                for try await _ in store.watch(.policy, after: version) { await halts.wakeAll() }
            } catch {
                logger.warning("watch on policies ended", metadata: ["reason": "\(error)"])
                do { try await clock.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    /// Sends what the outbox holds, of these runs and of any before them, until cancelled. What is left stays in the
    /// store.
    private func deliverReports() async { await outbox.deliverRounds(run: nil, every: .milliseconds(500)) }

    /// The runs that are not done, the oldest first.
    package func unfinishedRuns() async throws(ExperimentError) -> [Run] {
        do throws(StoreError) {
            return try await store.list(Run.self, namespace: nil, labels: [:]).items
                .filter { $0.status?.phase != .done }
                .sorted { $0.age < $1.age }
        } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
    }

    func stored(_ name: String, _ namespace: String) async throws(ExperimentError) -> Run {
        do throws(StoreError) {
            if let run = try await store.get(Run.self, namespace: namespace, name: name) { return run }
        } catch {
            throw ExperimentError(.store, error.message, hint: error.hint, cause: error)
        }
        throw ExperimentError(
            .invalid, "there is no run \(name) in namespace \(namespace)", hint: "See `rebound get runs`.")
    }

    /// What a run that this process drives looks like, about five times a second, until it is done.
    package func progress(run name: String, namespace: String = "default") -> AsyncStream<RunProgress> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Owned by the stream: ending it cancels the task.
            let task = Task { [store, clock, watches] in
                while !Task.isCancelled {
                    // A reading that fails is tried again at the next turn.
                    if let run = try? await store.get(Run.self, namespace: namespace, name: name) {
                        let probes = await watches[run.uid]?.session.probeProgress() ?? []
                        continuation.yield(RunProgress(run: run, probes: probes, now: clock.wall()))
                        if run.status?.phase == .done { break }
                    }
                    do { try await clock.sleep(for: .milliseconds(200)) } catch { break }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension Run {
    /// Sorts by when runs were made, then by name.
    fileprivate var age: (Int64, String) {
        (metadata.creationTimestamp?.nanosecondsSinceEpoch ?? 0, metadata.name)
    }
}

/// The runs that a loop drives.
private final class ActiveKeys: Sendable {
    private let keys: Mutex<Set<ResourceKey>>

    init(_ keys: [ResourceKey]) { self.keys = Mutex(Set(keys)) }

    var all: [ResourceKey] { keys.withLock { Array($0) } }

    func contains(_ key: ResourceKey) -> Bool { keys.withLock { $0.contains(key) } }

    func insert(_ key: ResourceKey) { keys.withLock { _ = $0.insert(key) } }

    /// Whether that was the last.
    func remove(_ key: ResourceKey) -> Bool {
        keys.withLock { keys in
            keys.remove(key)
            return keys.isEmpty
        }
    }
}

/// The way from a step that has landed to the loop, which is made after those who make the steps.
private final class Waker: Sendable {
    /// A bare closure in a `Mutex` is wrapped in two more functions at each access, for ever: then each waking would
    /// cost more than the one before.
    private struct Way: Sendable {
        var enqueue: @Sendable (ResourceKey) async -> Void
    }

    private let way = Mutex<Way?>(nil)

    func wakes(_ enqueue: @escaping @Sendable (ResourceKey) async -> Void) {
        way.withLock { $0 = Way(enqueue: enqueue) }
    }

    func wake(_ key: ResourceKey) async { await way.withLock { $0 }?.enqueue(key) }
}
