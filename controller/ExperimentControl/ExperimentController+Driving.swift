// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc
import Logging
import ResourceStore

/// Driving runs to their end, in this process, under a lease.
extension ExperimentController {
    /// Takes a run from wherever it is to Done. Cancelling asks for an abort once and goes on to the end: undoing is
    /// not interrupted. Throws `.busy` when another process drives it, `.store` when the store stays unusable.
    package func drive(run name: String, namespace: String) async throws(ExperimentError) -> Run {
        let lease = RunLease(
            name: "run/\(namespace)/\(name)", holder: holder, store: store, clock: clock,
            duration: options.leaseDuration)
        try await lease.acquire()
        let key = ResourceKey(kind: .run, namespace: namespace, name: name)
        let renewing = lease.startRenewing(logger: logger)
        defer { renewing.cancel() }
        let delivering = startDelivering()
        defer { delivering.cancel() }
        let failure = await reconcileToTheEnd(key)
        await lease.release()
        if let failure { throw failure }
        return try await stored(name, namespace)
    }

    /// Nil when the run is done.
    private func reconcileToTheEnd(_ key: ResourceKey) async -> ExperimentError? {
        let reconciler = reconciler
        var failures = 0
        while true {
            switch await reconciler.reconcile(key) {
            case .settled: return nil
            case .lookAgain(let after):
                failures = 0
                if after > .zero { await pause(after) }
            case .retry(let error):
                failures += 1
                logger.warning("run step failed", metadata: ["run": "\(key.name)", "reason": "\(error.message)"])
                // What was changed must be put back: with anything held, trying goes on. The store may come back.
                if failures >= 20, await !holdsAnything(key) { return error }
                await pause(.milliseconds(min(5_000, 50 << min(failures, 7))))
            }
        }
    }

    /// Waits also in a cancelled task, where a plain sleep would return at once and spin.
    private func pause(_ duration: Duration) async {
        let clock = clock
        // The caller's cancellation must not reach this sleep; the task ends by itself after `duration`.
        await Task.detached { do { try await clock.sleep(for: duration) } catch { return } }.value
    }

    private func holdsAnything(_ key: ResourceKey) async -> Bool {
        do throws(StoreError) {
            let all = try await store.list(
                Injection.self, namespace: key.namespace, labels: ["rebound/run": key.name]
            ).items
            return all.contains { !$0.state.isFinal && !$0.state.isBeforeAct }
        } catch {
            return true  // Not known, so taken to be so.
        }
    }

    /// Sends what the outbox holds, of this run and of any before it, while a run is driven.
    private func startDelivering() -> Task<Void, Never> {
        // Owned by the caller, which cancels it; what is not delivered stays in the store.
        Task { [outbox, clock, logger] in
            while !Task.isCancelled {
                do throws(StoreError) { try await outbox.deliverDue(run: nil) } catch {
                    logger.warning("outbox not read", metadata: ["reason": "\(error.message)"])
                }
                do { try await clock.sleep(for: .milliseconds(500)) } catch { return }
            }
        }
    }

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
