// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Scheduling
import Testing

@testable import ExperimentControl

@Suite("deciding on schedules")
struct ScheduleDeciderTests {
    @Test("02:30 in Berlin comes once on 29 October 2028, when it comes twice, and once on the day it is left out")
    func berlin() async throws {
        let bench = try await ScheduleBench("2028-03-25T12:00Z")
        try await bench.prepare(zone: "Europe/Berlin") {
            $0.cron = "30 2 * * *"
            $0.concurrency = .allow
        }
        await bench.turn(at("2028-03-25T12:00Z"))
        #expect(await bench.turn(at("2028-03-26T01:00Z")) == at("2028-03-27T00:30Z"))
        #expect(try await bench.slots() == ["2028-03-26T01:00Z"])
        try await bench.change { $0.suspend = false }
        await bench.turn(at("2028-10-28T12:00Z"))
        #expect(await bench.turn(at("2028-10-29T00:30Z")) == at("2028-10-30T01:30Z"))
        await bench.turn(at("2028-10-29T01:30Z"))
        #expect(try await bench.slots() == ["2028-03-26T01:00Z", "2028-10-29T00:30Z"])
    }

    @Test("a run of a group takes only that group; an experiment that names another is not stretched")
    func narrowing() throws {
        let tagged = Sample.experiment([Sample.fault(.ec2(.terminate))])
        let narrowed = try #require(tagged.narrowed(to: "api"))
        #expect(narrowed.faults[0].targets.instances?.autoScalingGroup == "api")
        #expect(narrowed.faults[0].targets.instances?.tags == ["app": "web"])
        #expect(narrowed.narrowed(to: "api") == narrowed)
        #expect(narrowed.narrowed(to: "web") == nil)
        let group = Sample.experiment([Sample.fault(.autoScaling(.suspendProcesses(["Launch"])), duration: .seconds(9))]
        )
        #expect(group.narrowed(to: "web") == group)
        #expect(group.narrowed(to: "api") == nil)
    }

    @Test("harm is held as long as the faults that follow one another take together")
    func longestHold() {
        let plan = Sample.experiment([
            Sample.fault(.ec2(.stop), name: "c", duration: .seconds(100), after: "b"),
            Sample.fault(.ec2(.stop), name: "a", duration: .seconds(60)),
            Sample.fault(.ec2(.terminate), name: "b", after: "a"),
            Sample.fault(.ec2(.stop), name: "d", duration: .seconds(120)),
        ])
        #expect(plan.longestHold == .seconds(160))
    }

    @Test("a run whose harm would last into closed hours is not started")
    func overrun() async throws {
        let start = at("2026-11-24T09:00Z")
        let fault = Sample.fault(.ec2(.stop), duration: .seconds(1_800))
        var controller = SimulatedController(from: start, zone: "UTC", faults: [fault]) {
            $0.cron = "0,45 16 * * *"
            $0.windows = [WindowSpec(days: [.tue], from: "09:00", to: "17:00")]
        }
        await controller.follow(from: start, until: at("2026-11-24T23:00Z"))
        #expect(controller.made.map(\.slot) == [at("2026-11-24T16:00Z")])
        #expect(controller.skipped == ["wouldOverrun 2026-11-24T16:45:00.000000000Z"])
    }

    @Test("jitter makes starts late by a random time, inside the window, one run for each slot")
    func jitter() async throws {
        let start = at("2026-01-01T00:00Z")
        var controller = SimulatedController(from: start, zone: "UTC") {
            $0.cron = "50 9 * * *"
            $0.jitter = WrittenDuration(.seconds(3_600))
            $0.windows = [WindowSpec(days: WindowSpec.Day.allCases, from: "09:00", to: "10:00")]
        }
        await controller.follow(from: start, until: start.advanced(by: .seconds(400 * 86_400)))
        let late = controller.made.map { $0.at.since($0.slot) }
        #expect(controller.made.count == 400)
        #expect(late.allSatisfy { .zero <= $0 && $0 < .seconds(600) })
        let mean = late.reduce(0) { $0 + $1.inSeconds } / 400
        // Even over 600 s: a standard deviation of 173 s for one, 8.7 s for the mean of 400.
        #expect((271...329).contains(mean), "\(mean)")
        #expect(controller.skipped.isEmpty)
    }

    @Test("a group that any run of the namespace harmed is left alone for the least distance")
    func harmedByOthers() async throws {
        let bench = try await ScheduleBench("2026-11-24T09:00Z")
        try await bench.prepare {
            $0.probabilityPerDay = 1
            $0.groups = [ScheduledGroup(name: "web")]
            $0.minTimeBetween = WrittenDuration(.seconds(86_400))
        }
        var other = try await bench.store.create(
            Run(
                metadata: ObjectMetadata(name: "by-hand", namespace: "default"),
                spec: Sample.run(Sample.experiment([Sample.fault(.ec2(.terminate))])).spec))
        let first = try #require(await bench.turn(at("2026-11-24T09:00Z")))
        var status = RunStatus(phase: .done)
        var report = InjectionReport(
            name: "i", fault: "fault", action: "autoScaling.suspendProcesses", target: "web", region: "eu-west-1",
            state: .reverted)
        report.acceptedAt = first.advanced(by: .seconds(-3_600))
        status.injections = [report]
        other.status = status
        _ = try await bench.store.updateStatus(other)
        await bench.turn(first)
        #expect(try await bench.skipped().map(\.reason) == [.minTimeBetween])
        let next = try #require(try await bench.schedule().status?.nextSlot)
        await bench.turn(max(next, first.advanced(by: .seconds(86_400))))
        #expect(try await bench.runs().count <= 2)
    }

    @Test("without groups, a group that is the target itself is left alone too, whatever namespace harmed it")
    func harmedElsewhere() async throws {
        let bench = try await ScheduleBench("2026-11-24T09:00Z")
        let suspend = Sample.fault(.autoScaling(.suspendProcesses(["Launch"])))
        try await bench.prepare(faults: [suspend]) {
            $0.cron = "0 10 * * *"
            $0.minTimeBetween = WrittenDuration(.seconds(86_400))
        }
        await bench.turn(at("2026-11-24T09:00Z"))
        try await bench.store.keepRun(namespace: "elsewhere", harming: ["web"], at: at("2026-11-24T08:00Z"))
        await bench.turn(at("2026-11-24T10:00Z"))
        #expect(try await bench.skipped().map(\.reason) == [.minTimeBetween])
        #expect(try await bench.runs().filter { $0.scheduledTarget != nil }.isEmpty)
    }

    @Test("a schedule that never comes, and one whose calendar is broken, say so and never crash")
    func never() async throws {
        let bench = try await ScheduleBench("2026-11-24T09:00Z")
        try await bench.prepare {
            $0.cron = "0 12 * * *"
            $0.windows = [WindowSpec(days: [.sat], from: "10:00", to: "11:00")]
        }
        #expect(await bench.turn(at("2026-11-24T09:00Z")) == nil)
        #expect(try await bench.condition("Ready")?.reason == "NeverDue")
        try await bench.change { $0.holidayCalendars = [HolidayCalendarSpec(name: "office", ics: "nonsense")] }
        #expect(await bench.turn(at("2026-11-24T09:00Z")) == nil)
        #expect(try await bench.condition("Ready")?.message.contains("office") == true)
    }

    @Test("the kept list of skipped slots is bounded")
    func bounded() async throws {
        let bench = try await ScheduleBench("2026-11-24T00:00Z")
        try await bench.prepareSchedule { $0.cron = "*/5 * * * *" }
        await bench.turn(at("2026-11-24T00:00Z"))
        for step in 1...30 { await bench.turn(at("2026-11-24T00:00Z").advanced(by: .seconds(Int64(step) * 300))) }
        #expect(try await bench.skipped().count == ScheduleDecider.skippedKept)
        #expect(try await bench.skipped().last?.slot == at("2026-11-24T02:30Z"))
    }
}
