// SPDX-License-Identifier: Apache-2.0
import AWS
import CLinux
import ChaosModel
import ExperimentControl
import FoundationEssentials
import Glibc
import HTTPTransport
import Logging
import ResourceStore
import SQLiteStore
import TestSupport

/// Lives through months as a controller does: schedules make runs by a calendar on which an hour is a moment, the runs
/// are driven against a small cloud with real probes and calls, reported, retained and compacted, and watched all the
/// while, until standard input ends. Who started it looks at this process and its store from outside.
///
///     soak-runner FOLDER FACTOR
///
/// Prints a line of JSON each second: `Progress`.
@main
struct SoakRunner {
    struct Progress: Encodable {
        var calendarSeconds: Int64
        var runsEnded: Int
        var clean: Int
        var dirty: Int
        var runsRemoved: Int
        var reports: Int
        var events: Int
        var watchesOpened: Int
        var stopped: Int
    }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let factor = Int64(arguments[2]) else { fatalError("soak-runner FOLDER FACTOR") }
        _ = clinux_limit_heaps(2)  // As the service does.
        let calendar = FastCalendar(factor: factor)
        let cloud = SmallCloud()
        let site = RawServer(keepsRequests: false) { connection in while connection.readSome() != nil {} }
        let store = try await SQLiteStore.open(
            path: arguments[1] + "/store.db",
            options: SQLiteStoreOptions(
                environment: calendar.storeEnvironment, changesKept: 500, reserveBytes: 1 << 20,
                checksIntegrity: false))
        let soak = try Soak(store: store, cloud: cloud, calendar: calendar)
        try await SoakPlan(port: site.port).declare(in: store)
        await withTaskGroup(of: Void.self) { group in
            soak.begin(in: &group)
            group.addTask { await untilInputEnds() }
            await group.next()
            group.cancelAll()
        }
        await store.close()
        print("ended")
        // As the programs do: the handlers of exit(3) would run under live threads.
        fflush(nil)
        _exit(0)
    }

    /// On a thread of its own, as reading blocks.
    private static func untilInputEnds() async {
        await withCheckedContinuation { continuation in
            startTestThread {
                var byte: UInt8 = 0
                while read(STDIN_FILENO, &byte, 1) > 0 {}
                continuation.resume()
            }
        }
    }
}
