// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Counts from many tasks.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    /// Counts one more; the first is 1.
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
