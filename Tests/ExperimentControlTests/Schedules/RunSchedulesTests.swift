// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

/// `runSchedules` as the service runs it: on watches and timers, with a clock turned by hand.
@Suite("following schedules")
struct RunSchedulesTests {
    @Test("a schedule that is applied while it runs makes its run when its time has come, and sleeps until then")
    func follows() async throws {
        let bench = try await Bench(.alone(3), clock: HandClock())
        let controller = ExperimentController(
            store: bench.store, aws: bench.connections, options: bench.options, clock: bench.clock, logger: .silent)
        let following = Task { await controller.runSchedules() }
        defer { following.cancel() }
        let version = try await bench.store.list(Run.self, namespace: nil, labels: [:]).resourceVersion
        _ = try await bench.store.create(
            Experiment(
                metadata: ObjectMetadata(name: "web"), spec: Sample.experiment([Sample.fault(.ec2(.terminate))])))
        var spec = ScheduleSpec(experiment: "web", timeZone: "UTC")
        spec.cron = "*/5 * * * *"
        spec.startingDeadline = WrittenDuration(.seconds(86_400))
        _ = try await bench.store.create(Schedule(metadata: ObjectMetadata(name: "often"), spec: spec))
        for try await change in bench.store.watch(.schedule, after: "0") {
            let schedule = try await bench.store.get(Schedule.self, namespace: "default", name: change.key.name)
            if schedule?.status?.nextSlot != nil { break }
        }
        #expect(try await bench.store.list(Run.self, namespace: nil, labels: [:]).items.isEmpty)
        // The timer of the slot, and the one that looks at the wall clock; what wakes late finds its slot in time.
        let turning = Task { [clock = bench.clock] in
            while !Task.isCancelled {
                await clock.manual.untilSleeping(2)
                clock.advance(by: .seconds(5))
                await Task.yield()
            }
        }
        defer { turning.cancel() }
        for try await change in bench.store.watch(.run, after: version) {
            let run = try await bench.store.get(Run.self, namespace: "default", name: change.key.name)
            #expect(run?.spec.requestedBy == "schedule/often")
            break
        }
    }
}
