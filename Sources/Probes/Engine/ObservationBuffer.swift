// SPDX-License-Identifier: Apache-2.0
import ChaosModel
package import Measurement
import Synchronization

/// Takes observations from the engine and gives them to one reader in batches, in the order they ended.
///
/// Bounded: when `capacity` observations wait unread, the engine makes no further attempts and counts their slots as
/// missed (`bufferFull`). Missed slots are kept as runs, so that an hour without the process costs one entry and still
/// reads as one observation for each slot.
package final class ObservationBuffer: Sendable {
    /// A row of slots of one probe that were not sent.
    struct MissedRun: Sendable, Equatable {
        var probe: String
        var clock: SlotClock
        var slots: Range<Int64>
        var reason: ProbeReason
    }

    enum Entry: Sendable {
        case one(Observation)
        case missed(MissedRun)
    }

    fileprivate struct State {
        var entries: [Entry] = []
        var next = 0
        var isFinished = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    /// Observations that may wait unread.
    package let capacity: Int

    /// A capacity of some seconds' worth of observations bridges a busy reader.
    package init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Whether the reader is so far behind that no attempt should be made.
    var isFull: Bool { state.withLock { $0.entries.count - $0.next >= capacity } }

    /// Never refuses: what was attempted is kept, so the bound can be passed by the attempts then outstanding.
    func add(_ entries: [Entry]) {
        let reader = state.withLock { state in
            for entry in entries { state.append(entry) }
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Nothing will come any more; what is there can still be read.
    func finish() {
        let reader = state.withLock { state in
            state.isFinished = true
            return state.takeReader()
        }
        reader?.resume()
    }

    /// Waits for observations and takes at most `limit` of them; nil when the engine has stopped and all were read.
    /// One reader at a time. Cancelling the reader's task makes it return what is there, perhaps nothing.
    package func next(limit: Int = 4096) async -> [Observation]? {
        while true {
            let (batch, isFinished) = take(limit)
            if !batch.isEmpty { return batch }
            if isFinished { return nil }
            if Task.isCancelled { return [] }
            await waitForMore()
        }
    }

    /// Takes what is there without waiting.
    package func take(_ limit: Int) -> (observations: [Observation], isFinished: Bool) {
        state.withLock { state in
            var batch: [Observation] = []
            while batch.count < limit, let entry = state.first {
                switch entry {
                case .one(let observation):
                    batch.append(observation)
                    state.dropFirst()
                case .missed(var run):
                    let count = min(run.slots.count, limit - batch.count)
                    let end = run.slots.lowerBound + Int64(count)
                    for slot in run.slots.lowerBound..<end { batch.append(run.observation(slot)) }
                    run.slots = end..<run.slots.upperBound
                    state.replaceFirst(run)
                }
            }
            return (batch, state.isFinished)
        }
    }

    private func waitForMore() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    precondition(state.reader == nil, "an observation buffer has one reader at a time")
                    if state.first != nil || state.isFinished || Task.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeReader() }?.resume()
        }
    }
}

extension ObservationBuffer.State {
    fileprivate var first: ObservationBuffer.Entry? { next < entries.count ? entries[next] : nil }

    fileprivate mutating func append(_ entry: ObservationBuffer.Entry) {
        if case .missed(let run) = entry, next < entries.count, case .missed(var last) = entries[entries.count - 1],
            last.probe == run.probe, last.reason == run.reason, last.clock.start == run.clock.start,
            last.slots.upperBound == run.slots.lowerBound
        {
            last.slots = last.slots.lowerBound..<run.slots.upperBound
            entries[entries.count - 1] = .missed(last)
        } else {
            entries.append(entry)
        }
    }

    fileprivate mutating func replaceFirst(_ run: ObservationBuffer.MissedRun) {
        if run.slots.isEmpty { return dropFirst() }
        entries[next] = .missed(run)
    }

    /// The array is cut when all of it, or a good part, was read.
    fileprivate mutating func dropFirst() {
        next += 1
        if next == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity <= 8192)
            next = 0
        } else if next >= 4096, next * 2 >= entries.count {
            entries.removeFirst(next)
            next = 0
        }
    }

    fileprivate mutating func takeReader() -> CheckedContinuation<Void, Never>? {
        defer { reader = nil }
        return reader
    }
}

extension ObservationBuffer.MissedRun {
    fileprivate func observation(_ slot: Int64) -> Observation {
        let planned = MonotonicInstant(nanoseconds: clock.planned(slot))
        return Observation(
            probe: probe, slot: slot, planned: planned, begun: planned, ended: planned,
            outcome: .missed(reason: reason.rawValue))
    }
}
