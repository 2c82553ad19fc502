// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import CommandLineInterface
import ControllerAPI
import ExperimentControl
import Foundation
import Logging
import ResourceStore
import SQLiteStore
import ServiceMetrics
import Testing

@testable import ControllerService

@Suite("What the service tells its monitoring")
struct ServiceFiguresTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func following(_ scratch: ScratchStore, _ clock: any ControlClock = SystemControlClock()) -> (
        ServiceFigures, Task<Void, Never>
    ) {
        let all = ServiceFigures()
        let runs = all.add(store: scratch.store, path: scratch.path, clock: clock, logger: Self.logger)
        return (all, Task { await runs.follow() })
    }

    /// Asks until the figure is there; every change of the store is seen after a while.
    private func until(_ figures: ServiceFigures, _ name: String, is value: String) async -> Bool {
        for _ in 0..<2_000 {
            if ControllerServiceTests.figures(in: await figures.registry.text(.prometheus))[name] == value {
                return true
            }
            await Task.yield()
        }
        return false
    }

    @Test("runs are counted by phase, and injections of those under way by state")
    func gauges() async throws {
        let scratch = try await ScratchStore()
        var holding = RunStatus(phase: .holding)
        holding.injections = [.init(.effective), .init(.effective), .init(.reverted)]
        let run = try await scratch.run("one", holding)
        _ = try await scratch.run("two", RunStatus(phase: .done))
        let (all, task) = following(scratch)
        defer { task.cancel() }
        #expect(await until(all, "rebound_runs{phase=\"Holding\"}", is: "1"))
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_runs{phase=\"Done\"}"] == "1")
        #expect(now["rebound_runs{phase=\"Baseline\"}"] == "0")
        #expect(now["rebound_injections{state=\"effective\"}"] == "2")
        #expect(now["rebound_injections{state=\"reverted\"}"] == "1")
        _ = try await scratch.set(run, RunStatus(phase: .done))
        #expect(await until(all, "rebound_runs{phase=\"Holding\"}", is: "0"))
        #expect(await until(all, "rebound_runs{phase=\"Done\"}", is: "2"))
        try await scratch.store.delete(run.key)
        #expect(await until(all, "rebound_runs{phase=\"Done\"}", is: "1"))
    }

    @Test("the end of a run that was watched is counted once, with its recovery and a way to find it")
    func ended() async throws {
        let scratch = try await ScratchStore()
        _ = try await scratch.run("old", Self.done(seconds: 100))
        var run = try await scratch.run("web-1", RunStatus(phase: .recovering))
        let (all, task) = following(scratch)
        defer { task.cancel() }
        #expect(await until(all, "rebound_runs{phase=\"Recovering\"}", is: "1"))
        run = try await scratch.set(run, Self.done(seconds: 42.5))
        run.metadata.labels = ["touched": "again"]
        _ = try await scratch.store.update(run)
        #expect(await until(all, "rebound_runs_ended_total{verdict=\"pass\",undo=\"clean\"}", is: "1"))
        let text = await all.registry.text(.openMetrics)
        #expect(text.contains("rebound_run_time_to_recover_seconds_count{experiment=\"web\"} 1\n"))
        #expect(text.contains("rebound_run_time_to_recover_seconds_sum{experiment=\"web\"} 42.5\n"))
        let bucket = "rebound_run_time_to_recover_seconds_bucket{experiment=\"web\",le=\"60.0\"} 1"
        #expect(text.contains(bucket + " # {namespace=\"default\",run=\"web-1\"} 42.5 "))
        #expect(text.contains("rebound_injections_ended_total{action=\"ec2.stop\",state=\"reverted\"} 1\n"))
    }

    private static func done(seconds: Double) -> RunStatus {
        var status = RunStatus(phase: .done)
        status.verdict = .pass
        status.undo = .clean
        status.endedAt = Timestamp("2026-11-24T10:00:00Z")
        status.injections = [.init(.reverted)]
        status.recovery = RecoveryReport(
            recovered: true, timeToRecover: Figure(seconds: seconds, low: seconds, high: seconds))
        return status
    }

    @Test("the outbox has a depth and an age, a late schedule a lag, and the store a size and a version")
    func store() async throws {
        let scratch = try await ScratchStore()
        let clock = StandingClock()
        let made = clock.wall()
        let report = ReportSpec(destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:x")))
        for number in 0..<3 {
            let at = made.advanced(by: .seconds(number))
            try await scratch.store.enqueue(
                OutboxEntry(
                    id: "r\(number)", run: "u", sequence: Int64(number), event: .verdict, report: report,
                    payload: "{\"at\":\"\(at)\"}"))
        }
        var schedule = try await scratch.store.create(
            Schedule(
                metadata: ObjectMetadata(name: "nightly", namespace: "default"),
                spec: ScheduleSpec(experiment: "web", timeZone: "UTC")))
        var status = ScheduleStatus()
        status.nextSlot = made.advanced(by: .seconds(50))
        schedule.status = status
        _ = try await scratch.store.updateStatus(schedule)
        clock.advance(by: .seconds(60))
        let (all, task) = following(scratch, clock)
        defer { task.cancel() }
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_outbox_reports"] == "3")
        #expect(now["rebound_outbox_oldest_age_seconds"] == "60")
        #expect(now["rebound_schedule_lag_seconds"] == "10")
        #expect(now["rebound_store_up"] == "1")
        #expect(Double(now["rebound_store_size_bytes{file=\"log\"}"] ?? "") ?? 0 > 0)
        // The schedule came, and had its status.
        #expect(now["rebound_store_resource_version"] == "2")
        #expect(now["rebound_store_oldest_change"] == "1")
        #expect(now["rebound_store_changes"] == "2")
        await scratch.store.close()
        #expect(figures(in: await all.registry.text(.prometheus))["rebound_store_up"] == "0")
    }

    @Test("a resource that is read again is a hit, and one that another process wrote a miss")
    func decoded() async throws {
        let scratch = try await ScratchStore()
        let run = try await scratch.run("one", RunStatus(phase: .holding))
        let all = ServiceFigures()
        _ = all.add(store: scratch.store, path: scratch.path, clock: SystemControlClock(), logger: Self.logger)
        func reads() async throws -> (hits: Double, misses: Double) {
            _ = try await scratch.store.get(Run.self, namespace: "default", name: "one")
            let now = figures(in: await all.registry.text(.prometheus))
            func count(_ result: String) -> Double {
                Double(now["rebound_store_decoded_reads_total{result=\"\(result)\"}"] ?? "") ?? -1
            }
            return (count("hit"), count("miss"))
        }
        // Each asking for the figures lists the schedules, which is one question too.
        let before = try await reads()
        let again = try await reads()
        #expect(again.hits == before.hits + 2)
        #expect(again.misses == before.misses)
        let other = try await SQLiteStore.open(
            path: scratch.path, options: SQLiteStoreOptions(environment: .system))
        var stored = run
        stored.metadata.labels = ["by": "another"]
        _ = try await other.update(stored)
        await other.close()
        let later = try await reads()
        #expect(later.misses == again.misses + 2)
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_store_decoded_resources"] == "1")
    }

    @Test("watches are counted while they are open, and when they end by why")
    func watches() async {
        let all = ServiceFigures()
        for moment: WatchMoment in [.opened, .opened, .sent, .sent, .sent, .ended(.expired)] {
            all.watches.note("runs", moment)
        }
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_watches{resource=\"runs\"}"] == "1")
        #expect(now["rebound_watch_events_total{resource=\"runs\"}"] == "3")
        #expect(now["rebound_watches_ended_total{resource=\"runs\",reason=\"expired\"}"] == "1")
    }

    @Test("attempts at AWS are counted by service and outcome")
    func attempts() async {
        let all = ServiceFigures()
        all.aws.note(AWSAttempt(service: "ec2", action: "StopInstances", outcome: .ok, duration: .milliseconds(20)))
        all.aws.note(AWSAttempt(service: "ec2", action: "StopInstances", outcome: .throttled, duration: .seconds(1)))
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_aws_attempts_total{service=\"ec2\",outcome=\"ok\"}"] == "1")
        #expect(now["rebound_aws_throttles_total{service=\"ec2\"}"] == "1")
        #expect(now["rebound_aws_attempt_duration_seconds_bucket{service=\"ec2\",le=\"0.025\"}"] == "1")
    }

    @Test("this process is described as every Prometheus client describes its own")
    func process() async throws {
        let now = figures(in: await ServiceFigures().registry.text(.prometheus))
        let bytes = try #require(now["process_resident_memory_bytes"].flatMap(Double.init))
        #expect((1_000_000..<100_000_000_000).contains(bytes))
        let started = try #require(now["process_start_time_seconds"].flatMap(Double.init))
        #expect(started <= Date().timeIntervalSince1970 + 1 && started > 1_700_000_000)
        #expect(try #require(now["process_open_fds"].flatMap(Double.init)) >= 3)
        #expect(try #require(now["process_cpu_seconds_total"].flatMap(Double.init)) > 0)
        #expect(now["rebound_build_info{version=\"\(ReboundVersion.current)\"}"] == "1")
    }
}

extension InjectionReport {
    fileprivate init(_ state: InjectionState) {
        self.init(
            name: "i", fault: "lose-one", action: "ec2.stop", target: "i-0a1", region: "eu-west-1", state: state)
    }
}
