// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Synchronization

/// The steps of injections that are under way, each in a task of its own: one that waits on AWS holds up no other, and
/// no turn of its run. An injection makes one step at a time, and rests after one that changed nothing. Who drives the
/// runs cancels and awaits what is under way before it gives the runs away.
final class InjectionFlights: Sendable {
    /// One step that was made, and what the injection was before.
    struct Landing: Sendable {
        var before: Injection
        var result: Result<Injection, StoreError>
    }

    private struct OfRun {
        var tasks: [String: Task<Void, Never>] = [:]
        var landed: [Landing] = []
    }

    private let runs = Mutex<[ResourceKey: OfRun]>([:])

    /// Begins a step, unless this injection is making one or rests. `landed` is called when it was made, and `rest`
    /// when that left the injection in its state: the next step may begin when that returns.
    func start(
        _ injection: Injection, of run: ResourceKey, landed: @escaping @Sendable () async -> Void,
        rest: @escaping @Sendable (Injection) async -> Void,
        step: @escaping @Sendable () async -> Result<Injection, StoreError>
    ) {
        let name = injection.metadata.name
        runs.withLock { runs in
            guard runs[run]?.tasks[name] == nil else { return }
            // Owned by this object: `cancelAll` cancels it and waits for it.
            runs[run, default: OfRun()].tasks[name] = Task {
                let result = await step()
                var unchanged: Injection?
                if case .success(let after) = result, after.state == injection.state { unchanged = after }
                self.runs.withLock { runs in
                    if unchanged == nil { runs[run]?.tasks[name] = nil }
                    runs[run]?.landed.append(Landing(before: injection, result: result))
                }
                await landed()
                guard let unchanged else { return }
                await rest(unchanged)
                self.rested(name, of: run)
            }
        }
    }

    private func rested(_ injection: String, of run: ResourceKey) {
        runs.withLock { runs in
            runs[run]?.tasks[injection] = nil
            if let left = runs[run], left.tasks.isEmpty, left.landed.isEmpty { runs[run] = nil }
        }
    }

    /// What has landed and was not told yet, in the order it did.
    func landed(of run: ResourceKey) -> [Landing] { runs.withLock { $0[run]?.landed ?? [] } }

    /// So many of the first that have landed are written and reported.
    func told(_ count: Int, of run: ResourceKey) {
        runs.withLock { runs in
            runs[run]?.landed.removeFirst(count)
            if let left = runs[run], left.tasks.isEmpty, left.landed.isEmpty { runs[run] = nil }
        }
    }

    func isUnderWay(_ injection: String, of run: ResourceKey) -> Bool {
        runs.withLock { $0[run]?.tasks[injection] != nil }
    }

    /// Returns when nothing of the run is under way any more.
    func wait(for run: ResourceKey) async {
        while let task = runs.withLock({ $0[run]?.tasks.values.first }) { await task.value }
    }

    /// Cancels every step and returns when all have ended. A call that was under way is then of unknown outcome, as
    /// after a crash, and the next driver looks.
    func cancelAll() async {
        for task in runs.withLock({ $0.values.flatMap(\.tasks.values) }) {
            task.cancel()
            await task.value
        }
    }
}
