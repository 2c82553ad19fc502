// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

/// Schedules in a store on disk, with the clock set by hand.
@Suite("a schedule in the store")
struct ScheduleReconcilerTests {
    @Test("a slot makes one run, with the stored experiment pinned, and says when the next is")
    func plain() async throws {
        let bench = try await ScheduleBench("2026-11-24T09:00Z")
        try await bench.prepare { $0.cron = "30 10 * * tue" }
        #expect(await bench.turn(at("2026-11-24T09:00Z")) == at("2026-11-24T10:30Z"))
        #expect(try await bench.slots() == [])
        #expect(await bench.turn(at("2026-11-24T10:30Z")) == at("2026-12-01T10:30Z"))
        await bench.turn(at("2026-11-24T10:30Z"))
        let run = try #require(try await bench.runs().first)
        #expect(try await bench.slots() == ["2026-11-24T10:30Z"])
        #expect(run.metadata.name.hasPrefix("weekly-20261124-103000-"))
        #expect(run.spec.plan == Sample.experiment([Sample.fault(.ec2(.terminate))]))
        #expect(run.spec.requestedBy == "schedule/weekly")
        #expect(run.metadata.labels?["team"] == "storefront")
        #expect(run.metadata.labels?["rebound/experiment"] == "web")
        let status = try #require(try await bench.schedule().status)
        #expect(status.lastSlot == at("2026-11-24T10:30Z"))
        #expect(status.nextSlot == at("2026-12-01T10:30Z"))
        #expect(status.active == [run.metadata.name])
        #expect(try await bench.condition("Ready")?.status == .yes)
    }

    @Test("applied in the middle of a slot's deadline, it does not run at once")
    func notAtOnce() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:30Z")
        bench.clock.set(at("2026-11-24T10:30Z").advanced(by: .seconds(20)))
        try await bench.prepare { $0.cron = "30 10 * * *" }
        await bench.turn(at("2026-11-24T10:30Z").advanced(by: .seconds(25)))
        #expect(try await bench.slots() == [])
    }

    @Test("a changed or resumed schedule does not make up for what its new times would have asked for")
    func changed() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare {
            $0.cron = "30 12 * * *"
            $0.startingDeadline = WrittenDuration(.seconds(3_600))
        }
        await bench.turn(at("2026-11-24T10:00Z"))
        try await bench.change { $0.cron = "30 10 * * *" }
        await bench.turn(at("2026-11-24T10:40Z"))
        #expect(try await bench.slots() == [])
        try await bench.change { $0.suspend = true }
        #expect(await bench.turn(at("2026-11-25T10:30Z")) == nil)
        #expect(try await bench.condition("Ready")?.reason == "Suspended")
        try await bench.change { $0.suspend = false }
        await bench.turn(at("2026-11-25T10:40Z"))
        #expect(try await bench.slots() == [])
        await bench.turn(at("2026-11-26T10:30Z"))
        #expect(try await bench.slots() == ["2026-11-26T10:30Z"])
    }

    @Test("six hours without a controller start the newest slot within the deadline, and say what was missed")
    func downtime() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare {
            $0.cron = "*/10 * * * *"
            $0.concurrency = .allow
            $0.startingDeadline = WrittenDuration(.seconds(900))
        }
        await bench.turn(at("2026-11-24T10:00Z"))
        await bench.turn(at("2026-11-24T16:04Z"))
        #expect(try await bench.slots() == ["2026-11-24T16:00Z"])
        #expect(try await bench.skipped().map(\.reason) == [.missed])
        #expect(try await bench.skipped().first?.slot == at("2026-11-24T10:10Z"))
        await bench.turn(at("2026-11-24T16:05Z"))
        #expect(try await bench.slots().count == 1)
    }

    @Test("downtime beyond every deadline starts nothing")
    func longDowntime() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare { $0.cron = "0 12 * * *" }
        await bench.turn(at("2026-11-24T10:00Z"))
        #expect(await bench.turn(at("2026-11-24T18:00Z")) == at("2026-11-25T12:00Z"))
        #expect(try await bench.slots() == [])
        #expect(try await bench.skipped().map(\.reason) == [.missed])
        #expect(try await bench.schedule().status?.handledUntil.map { $0 > at("2026-11-24T12:00Z") } == true)
    }

    @Test("a clock set back repeats nothing, says so, and goes on where it was")
    func clockSetBack() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare {
            $0.cron = "*/30 * * * *"
            $0.concurrency = .allow
        }
        await bench.turn(at("2026-11-24T10:00Z"))
        await bench.turn(at("2026-11-24T10:30Z"))
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(await bench.turn(at("2026-11-24T10:00Z")) == at("2026-11-24T11:30Z"))
        #expect(try await bench.condition("Ready")?.reason == "ClockBehind")
        await bench.turn(at("2026-11-24T10:30Z"))
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(try await bench.slots() == ["2026-11-24T10:30Z", "2026-11-24T11:00Z"])
        await bench.turn(at("2026-11-24T11:30Z"))
        #expect(try await bench.slots().count == 3)
    }

    @Test("while a run is under way forbid skips, allow adds, and replace aborts it first")
    func concurrency() async throws {
        for policy in ScheduleSpec.Concurrency.allCases {
            let bench = try await ScheduleBench("2026-11-24T10:00Z")
            try await bench.prepare {
                $0.cron = "0 * * * *"
                $0.concurrency = policy
                $0.startingDeadline = WrittenDuration(.seconds(600))
            }
            await bench.turn(at("2026-11-24T10:00Z"))
            await bench.turn(at("2026-11-24T11:00Z"))
            await bench.turn(at("2026-11-24T12:00Z"))
            let expected = policy == .allow ? 2 : 1
            #expect(try await bench.slots().count == expected, "\(policy)")
            #expect(try await bench.skipped().map(\.reason) == (policy == .forbid ? [.overlap] : []), "\(policy)")
            let aborts = try await bench.runs().compactMap(\.spec.abort)
            #expect(aborts.map(\.requestedBy) == (policy == .replace ? ["schedule/weekly"] : []), "\(policy)")
            try await bench.finishRuns()
            await bench.turn(at("2026-11-24T12:05Z"))
            #expect(try await bench.slots().count == (policy == .forbid ? 1 : 2), "\(policy)")
        }
    }

    @Test("a run that does not end in time is not replaced")
    func notReplaced() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare {
            $0.cron = "0 * * * *"
            $0.concurrency = .replace
        }
        await bench.turn(at("2026-11-24T10:00Z"))
        await bench.turn(at("2026-11-24T11:00Z"))
        let wake = await bench.turn(at("2026-11-24T12:00Z"))
        #expect(wake.map { $0 < at("2026-11-24T12:02Z") } == true)
        await bench.turn(at("2026-11-24T12:02Z"))
        #expect(try await bench.slots() == ["2026-11-24T11:00Z"])
        #expect(try await bench.skipped().map(\.reason) == [.overlap])
    }

    @Test("a missing experiment is a condition, and its slots are skipped until it is there")
    func missingExperiment() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepareSchedule { $0.cron = "0 * * * *" }
        await bench.turn(at("2026-11-24T10:00Z"))
        #expect(try await bench.condition("ExperimentFound")?.status == .no)
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(try await bench.skipped().map(\.reason) == [.experimentMissing])
        _ = try await bench.store.create(
            Experiment(
                metadata: ObjectMetadata(name: "web"), spec: Sample.experiment([Sample.fault(.ec2(.terminate))])))
        await bench.turn(at("2026-11-24T12:00Z"))
        #expect(try await bench.slots() == ["2026-11-24T12:00Z"])
        #expect(try await bench.condition("ExperimentFound")?.status == .yes)
    }

    @Test("a schedule that cannot be followed says why in a condition", arguments: ["Mars/Olympus", "../passwd"])
    func invalid(zone: String) async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare(zone: zone) { $0.cron = "0 * * * *" }
        #expect(await bench.turn(at("2026-11-24T11:00Z")) == nil)
        let ready = try #require(try await bench.condition("Ready"))
        #expect(ready.reason == "Invalid")
        #expect(ready.message.contains(zone))
    }

    @Test("history keeps the newest of each outcome, and every run whose undo failed")
    func history() async throws {
        let bench = try await ScheduleBench("2026-11-01T00:00Z")
        try await bench.prepare {
            $0.cron = "0 12 * * *"
            $0.history = ScheduleHistorySpec(passed: 2, notPassed: 1)
        }
        await bench.turn(at("2026-11-01T00:00Z"))
        for day in 1...9 {
            await bench.turn(at("2026-11-0\(day)T12:00Z"))
            try await bench.finishRuns(day % 3 == 0 ? .fail : .pass, undo: day == 3 ? .dirty : .clean)
        }
        await bench.turn(at("2026-11-09T12:30Z"))
        #expect(
            try await bench.slots().map { $0.prefix(10).suffix(2) } == ["03", "07", "08", "09"])
    }

    @Test("deleting a schedule aborts its run, waits for its end, and takes the finished runs with it")
    func deletion() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare { $0.cron = "0 * * * *" }
        await bench.turn(at("2026-11-24T10:00Z"))
        await bench.turn(at("2026-11-24T11:00Z"))
        try await bench.store.delete(ScheduleBench.key)
        await bench.turn(at("2026-11-24T11:01Z"))
        #expect(try await bench.runs().first?.spec.abort?.reason == "schedule weekly was deleted")
        #expect(try await bench.schedule().metadata.deletionTimestamp != nil)
        await bench.turn(at("2026-11-24T12:00Z"))
        #expect(try await bench.slots().count == 1)
        try await bench.finishRuns(.inconclusive)
        await bench.turn(at("2026-11-24T12:01Z"))
        #expect(try await bench.runs().isEmpty)
        #expect(try await bench.store.get(Schedule.self, namespace: "default", name: "weekly") == nil)
    }

    @Test("a run of another origin with the slot's name is left alone, and the slot is skipped")
    func nameTaken() async throws {
        let bench = try await ScheduleBench("2026-11-24T10:00Z")
        try await bench.prepare { $0.cron = "0 11 * * *" }
        await bench.turn(at("2026-11-24T10:00Z"))
        let experiment = Experiment(
            metadata: ObjectMetadata(name: "web"), spec: Sample.experiment([Sample.fault(.ec2(.terminate))]))
        let slot = at("2026-11-24T11:00Z")
        var foreign = ScheduledRun.make(
            try await bench.schedule(), experiment, plan: experiment.spec, target: "web", slot: slot, now: slot)
        foreign.metadata.ownerReferences = nil
        _ = try await bench.store.create(foreign)
        await bench.turn(at("2026-11-24T11:00Z"))
        #expect(try await bench.skipped().map(\.reason) == [.nameTaken])
        #expect(try await bench.runs().count == 1)
    }
}
