// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

/// One kind of store that is held to the contract. Another kind joins by a conformance and a place in `stores`.
protocol StoreUnderTest: Sendable, CustomTestStringConvertible {
    /// An empty store that this test alone uses, told the time by `clocks`.
    func make(_ clocks: TestClocks) async throws -> any OpenStore
}

/// A store that can be opened once more, as another process would.
protocol OpenStore: Sendable {
    var store: any ResourceStore { get }
    func another() async throws -> any ResourceStore
}

let stores: [any StoreUnderTest] = [SQLiteOnDisk(), SQLiteInMemory()]
/// Those that several processes can share.
let sharedStores: [any StoreUnderTest] = [SQLiteOnDisk()]

/// The date and the running time, set by hand.
final class TestClocks: Sendable {
    private let state = Mutex((date: Timestamp(nanosecondsSinceEpoch: 1_800_000_000_000_000_000), uptime: Int64(0)))

    var date: Timestamp { state.withLock { $0.date } }

    /// Time passes: both clocks go on.
    func pass(_ duration: Duration) {
        state.withLock {
            $0.date = $0.date.advanced(by: duration)
            $0.uptime += duration.wholeNanoseconds
        }
    }

    /// The date is set anew; no time passes.
    func setDate(by duration: Duration) { state.withLock { $0.date = $0.date.advanced(by: duration) } }

    var environment: StoreEnvironment {
        var environment = StoreEnvironment.system
        environment.now = { self.date }
        environment.uptime = { Uptime(bootID: "a boot", nanoseconds: self.state.withLock { $0.uptime }) }
        return environment
    }
}

/// The embedded store in a file of its own.
struct SQLiteOnDisk: StoreUnderTest {
    var testDescription: String { "SQLite on disk" }

    func make(_ clocks: TestClocks) async throws -> any OpenStore {
        let path = "/tmp/rebound-contract-\(getpid())-\(UInt64.random(in: 0 ... .max))/store.db"
        return Opened(
            path: path, options: SQLiteStoreOptions(environment: clocks.environment),
            store: try await .open(path: path, options: SQLiteStoreOptions(environment: clocks.environment)))
    }

    /// Its folder goes when the test lets go of it.
    private final class Opened: OpenStore {
        let path: String
        let options: SQLiteStoreOptions
        let store: any ResourceStore

        init(path: String, options: SQLiteStoreOptions, store: SQLiteStore) {
            self.path = path
            self.options = options
            self.store = store
        }

        deinit {
            for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
            rmdir(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
        }

        func another() async throws -> any ResourceStore { try await SQLiteStore.open(path: path, options: options) }
    }
}

/// The embedded store without a file. It cannot be opened twice.
struct SQLiteInMemory: StoreUnderTest {
    var testDescription: String { "SQLite in memory" }

    func make(_ clocks: TestClocks) async throws -> any OpenStore {
        Opened(store: try await .open(path: ":memory:", options: SQLiteStoreOptions(environment: clocks.environment)))
    }

    private struct Opened: OpenStore {
        let store: any ResourceStore

        init(store: SQLiteStore) { self.store = store }

        func another() async throws -> any ResourceStore { store }
    }
}
