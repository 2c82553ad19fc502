// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Testing

@testable import ExperimentControl

/// Two processes on one store, and processes that die in the middle.
@Suite("schedules and several processes")
struct ScheduleCrashTests {
    @Test("reconcilers that look at the same moment make one run for each slot, and one status holds")
    func several() async throws {
        let first = try await ScheduleBench("2026-11-24T00:00Z")
        try await first.prepare {
            $0.cron = "0 * * * *"
            $0.concurrency = .allow
        }
        await first.turn(at("2026-11-24T00:00Z"))
        let others = [try await ScheduleBench(beside: first), try await ScheduleBench(beside: first)]
        for hour in 1...12 {
            let now = at("2026-11-24T00:00Z").advanced(by: .seconds(Int64(hour) * 3_600))
            await withDiscardingTaskGroup { group in
                for bench in [first] + others { group.addTask { await bench.turn(now) } }
            }
        }
        #expect(try await first.slots().count == 12)
        #expect(Set(try await first.slots()).count == 12)
        let status = try #require(try await first.schedule().status)
        #expect(status.lastSlot == at("2026-11-24T12:00Z"))
        #expect(status.active?.count == 12)
        #expect(status.skipped == nil)
    }

    /// The writes of a slot: the run, the status, the run that the history limit removes.
    @Test(
        "a process that dies at any write of a slot leaves one run of it, and the next process goes on",
        arguments: 1...3, StoreWrite.Moment.allCases)
    func dies(write: Int, moment: StoreWrite.Moment) async throws {
        let bench = try await ScheduleBench("2026-11-24T00:00Z")
        try await bench.prepare {
            $0.cron = "0 * * * *"
            $0.history = ScheduleHistorySpec(passed: 1, notPassed: 1)
        }
        await bench.turn(at("2026-11-24T00:00Z"))
        for hour in ["01", "02"] {
            await bench.turn(at("2026-11-24T\(hour):00Z"))
            try await bench.finishRuns()
        }
        let path = bench.path
        let isBefore = moment == .aboutToCommit
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, write = write as Int, isBefore = isBefore as Bool] in
            let fatal = isBefore ? StoreWrite.Moment.aboutToCommit : .committed
            let doomed = try await ScheduleBench(path: path, now: at("2026-11-24T03:00Z")) { moment, each in
                if each.number == write, moment == fatal { kill(getpid(), SIGKILL) }
            }
            await doomed.turn(at("2026-11-24T03:00Z"))
        }
        let next = try await ScheduleBench(beside: bench)
        await next.turn(at("2026-11-24T03:00Z").advanced(by: .seconds(30)))
        try await next.finishRuns()
        await next.turn(at("2026-11-24T03:00Z").advanced(by: .seconds(40)))
        #expect(try await next.slots() == ["2026-11-24T03:00Z"])
        #expect(try await next.schedule().status?.lastSlot == at("2026-11-24T03:00Z"))
        #expect(try await next.skipped() == [])
    }
}
