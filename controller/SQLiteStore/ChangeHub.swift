// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Synchronization

/// Hands the change log to any number of watchers: one task reads it, into one bounded ring that all of them share.
///
/// A watcher has a place in the log and no buffer of its own here, so that thousands of slow ones cost no memory: one
/// that falls out of the ring reads the log itself, and one that falls out of the log has expired. A watcher is woken
/// only by a change that it wants.
final class ChangeHub: Sendable {
    /// Why a waiting watcher was woken.
    enum Wake: Sendable {
        /// Something that it wants comes after this version, and nothing before it.
        case news(after: Int64)
        /// Nothing that it wants comes up to this version.
        case nothing(until: Int64)
        case failed(StoreError)
        case cancelled
    }

    /// What the ring has for a watcher.
    enum Take: Sendable {
        case changes(ChangePage)
        /// Nothing new.
        case none
        /// The ring does not reach back to the watcher's place, or there is none.
        case isBehind
    }

    private static let mostChanges = 4_096
    private static let mostBytes = 16 << 20
    private static let mostAtOnce = 256

    fileprivate struct Waiter {
        var continuation: CheckedContinuation<Wake, Never>
        var due: ContinuousClock.Instant?
    }

    fileprivate struct State {
        /// Every change after `start` up to `end`, while somebody watches.
        var ring: ArraySlice<LoggedChange> = []
        var bytes = 0
        var start: Int64 = 0
        var end: Int64?
        var waiters: [WatchScope: [Int: Waiter]] = [:]
        var nextWaiter = 0
        var watchers = 0
        /// Tells the reader of this ring from one that was told to end.
        var generation = 0
        var reader: Task<Void, Never>?
        var ticker: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let signal: ChangeSignal
    private let tick: Duration
    private let limits: ChangeLimits
    private let sleep: @Sendable (Duration) async throws -> Void
    private let read: @Sendable (Int64, Int) async throws(StoreError) -> ChangePage

    /// `read` gives the changes of all kinds after a version. Bookmarks are looked after every `tick`. Of what the log
    /// keeps the ring holds the newest, at most 4,096 changes and 16 MiB.
    init(
        signal: ChangeSignal, tick: Duration, limits: ChangeLimits,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        read: @escaping @Sendable (Int64, Int) async throws(StoreError) -> ChangePage
    ) {
        self.signal = signal
        self.tick = tick
        self.limits = ChangeLimits(
            count: min(limits.count, Int64(Self.mostChanges)), bytes: min(limits.bytes, Int64(Self.mostBytes)))
        self.sleep = sleep
        self.read = read
    }

    func join() { state.withLock { $0.watchers += 1 } }

    /// When the last watcher goes, the ring goes too.
    func leave() {
        let (reader, ticker) = state.withLock { state in
            state.watchers -= 1
            guard state.watchers == 0 else { return (nil as Task<Void, Never>?, nil as Task<Void, Never>?) }
            defer { state.forgetRing() }
            return (state.reader, state.ticker)
        }
        reader?.cancel()
        ticker?.cancel()
    }

    func close() {
        let (reader, ticker, woken) = state.withLock { state in
            defer { state.forgetRing() }
            return (state.reader, state.ticker, state.removeAllWaiters())
        }
        reader?.cancel()
        ticker?.cancel()
        for waiter in woken { waiter.resume(returning: .failed(.closed)) }
    }

    /// What the ring has after a version, at most `most` changes.
    func take(_ scope: WatchScope, after position: Int64, most: Int) -> Take {
        state.withLock { state in
            guard let end = state.end, position >= state.start, position <= end else { return .isBehind }
            if position == end { return .none }
            var taken: [LoggedChange] = []
            for change in state.ring[state.place(after: position)...] where scope.includes(change.key) {
                taken.append(change)
                if taken.count == most { return .changes(ChangePage(changes: taken, end: change.version)) }
            }
            return .changes(ChangePage(changes: taken, end: end))
        }
    }

    /// Waits for what comes after `position`, up to which the caller has seen everything. Without a ring one begins
    /// here.
    func wait(_ scope: WatchScope, after position: Int64, until due: ContinuousClock.Instant?) async -> Wake {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wake: Wake? = state.withLock { state in
                    if Task.isCancelled { return .cancelled }
                    begin(&state, at: position)
                    if let end = state.end, end > position { return .news(after: position) }
                    state.waiters[scope, default: [:]][number] = Waiter(continuation: continuation, due: due)
                    if due != nil { startTicking(&state) }
                    return nil
                }
                if let wake { continuation.resume(returning: wake) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters[scope]?.removeValue(forKey: number) }
            waiter?.continuation.resume(returning: .cancelled)
        }
    }
}

// MARK: - Reading the log

extension ChangeHub {
    private func begin(_ state: inout State, at position: Int64) {
        guard state.end == nil else { return }
        state.start = position
        state.end = position
        let generation = state.generation
        // Owned by this hub: it ends with the last watcher, with an error, and at `close`.
        state.reader = Task { [weak self, signal] in
            var end = position
            while !Task.isCancelled {
                await signal.wait(beyond: end)
                guard !Task.isCancelled, let self, let next = await self.readOn(after: end, generation) else { return }
                end = next
            }
        }
    }

    /// The new end of the ring; nil when it could not be read.
    private func readOn(after end: Int64, _ generation: Int) async -> Int64? {
        do throws(StoreError) {
            let page = try await read(end, Self.mostAtOnce)
            guard
                let woken = state.withLock({ [limits] in $0.generation == generation ? $0.append(page, limits) : nil })
            else {
                return nil
            }
            for (waiter, wake) in woken { waiter.resume(returning: wake) }
            await rest(afterWaking: woken.count)
            return page.end
        } catch {
            let (woken, ticker) = state.withLock { state -> ([State.Continuation], Task<Void, Never>?) in
                guard state.generation == generation else { return ([], nil) }
                defer { state.forgetRing() }
                return (state.removeAllWaiters(), state.ticker)
            }
            ticker?.cancel()
            for waiter in woken { waiter.resume(returning: .failed(error)) }
            return nil
        }
    }

    /// Waking thousands takes longer than reading a change. Then the next look waits as long as that takes, so that
    /// several changes share one wake; with few watchers there is no wait.
    private func rest(afterWaking count: Int) async {
        guard count >= 250 else { return }
        try? await Task.sleep(for: .microseconds(min(count * 8, 40_000)))  // Cancelled: the loop ends.
    }

    private func startTicking(_ state: inout State) {
        guard state.ticker == nil else { return }
        // Owned by this hub, as the reader is.
        state.ticker = Task { [weak self, tick, sleep] in
            while !Task.isCancelled {
                try? await sleep(tick)  // Cancelled: the loop ends.
                guard !Task.isCancelled, let self else { return }
                self.wakeDue(at: .now)
            }
        }
    }

    private func wakeDue(at now: ContinuousClock.Instant) {
        let (woken, end) = state.withLock { state in (state.removeWaiters(dueAt: now), state.end ?? 0) }
        for waiter in woken { waiter.resume(returning: .nothing(until: end)) }
    }
}

extension ChangeHub.State {
    fileprivate typealias Continuation = CheckedContinuation<ChangeHub.Wake, Never>

    fileprivate func place(after position: Int64) -> Int {
        var (low, high) = (ring.startIndex, ring.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if ring[middle].version > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Those who are to be woken by these changes.
    fileprivate mutating func append(_ page: ChangePage, _ limits: ChangeLimits) -> [(Continuation, ChangeHub.Wake)] {
        var woken: [(Continuation, ChangeHub.Wake)] = []
        for change in page.changes {
            ring.append(change)
            bytes += change.json?.count ?? 0
            let key = change.key
            for scope in [WatchScope(kind: key.kind), WatchScope(kind: key.kind, namespace: key.namespace)] {
                guard let waiters = waiters.removeValue(forKey: scope) else { continue }
                woken += waiters.values.map { ($0.continuation, .news(after: change.version - 1)) }
            }
        }
        while let oldest = ring.first, ring.count > limits.count || bytes > limits.bytes {
            bytes -= oldest.json?.count ?? 0
            start = oldest.version
            ring.removeFirst()
        }
        end = page.end
        return woken
    }

    fileprivate mutating func forgetRing() {
        ring = []
        bytes = 0
        end = nil
        reader = nil
        ticker = nil
        generation += 1
    }

    fileprivate mutating func removeAllWaiters() -> [Continuation] {
        defer { waiters = [:] }
        return waiters.values.flatMap { $0.values.map(\.continuation) }
    }

    fileprivate mutating func removeWaiters(dueAt now: ContinuousClock.Instant) -> [Continuation] {
        var due: [Continuation] = []
        for (scope, ofScope) in waiters {
            for (number, waiter) in ofScope {
                guard let at = waiter.due, at <= now else { continue }
                due.append(waiter.continuation)
                waiters[scope]?.removeValue(forKey: number)
            }
        }
        return due
    }
}
