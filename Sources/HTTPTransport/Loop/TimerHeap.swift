// SPDX-License-Identifier: Apache-2.0

/// One action at one instant on a loop's thread.
package final class LoopTimer {
    let instant: Int64
    private var action: (() -> Void)?

    init(instant: Int64, action: @escaping () -> Void) {
        self.instant = instant
        self.action = action
    }

    /// The action will not run any more. Its place in the heap is given back when its instant comes.
    package func cancel() { action = nil }

    var isCancelled: Bool { action == nil }

    func fire() {
        let action = self.action
        self.action = nil
        action?()
    }
}

/// A binary heap of timers, the earliest first (CLRS, chapter 6).
struct TimerHeap {
    private var items: ContiguousArray<LoopTimer> = []

    /// The instant of the earliest timer that is not cancelled.
    var earliest: Int64? {
        mutating get {
            while let first = items.first, first.isCancelled { removeFirst() }
            return items.first?.instant
        }
    }

    mutating func insert(_ timer: LoopTimer) {
        items.append(timer)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].instant < items[parent].instant else { break }
            items.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out every timer due at `now`, the earliest first.
    mutating func removeDue(at now: Int64) -> [LoopTimer] {
        var due: [LoopTimer] = []
        while let first = items.first, first.instant <= now {
            if !first.isCancelled { due.append(first) }
            removeFirst()
        }
        return due
    }

    private mutating func removeFirst() {
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < items.count && items[child].instant < items[least].instant {
                least = child
            }
            guard least != parent else { return }
            items.swapAt(parent, least)
            parent = least
        }
    }
}
