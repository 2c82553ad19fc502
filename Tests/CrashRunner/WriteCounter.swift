// SPDX-License-Identifier: Apache-2.0
import Glibc
import SQLiteStore
import Synchronization

/// Counts the store's writes, and ends the process in the middle of one, as a power cut would.
final class WriteCounter: Sendable {
    private let writes = Mutex(0)
    private let fatalWrite: Int?
    private let moment: StoreWrite.Moment?

    init(fatalWrite: Int?, moment: StoreWrite.Moment?) {
        self.fatalWrite = fatalWrite
        self.moment = moment
    }

    var count: Int { writes.withLock { $0 } }

    func note(_ moment: StoreWrite.Moment, _ write: StoreWrite) {
        writes.withLock { $0 = max($0, write.number) }
        if write.number == fatalWrite, moment == self.moment { kill(getpid(), SIGKILL) }
    }
}
