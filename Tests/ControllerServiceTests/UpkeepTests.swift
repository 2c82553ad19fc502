// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Foundation
import Logging
import ResourceStore
import SQLiteStore
import ServiceMetrics
import Synchronization
import Testing

@testable import ControllerService

/// Keeps what is logged.
final class LogRecord: Sendable {
    private let lines = Mutex<[LogLine]>([])
    var all: [LogLine] { lines.withLock { $0 } }
    var messages: [String] { all.map(\.message) }

    func logger() -> Logger {
        Logger(label: "test") { label in
            LineLogHandler(label: label, level: .trace, now: { Timestamp(nanosecondsSinceEpoch: 0) }) { line in
                self.lines.withLock { $0.append(line) }
            }
        }
    }
}

@Suite("Settings that are read again")
struct ReloaderTests {
    private static func settings(_ change: (inout ControllerConfiguration) -> Void = { _ in }) throws -> ServiceSettings
    {
        var configuration = ControllerConfiguration()
        change(&configuration)
        return try ServiceSettings(
            layers: [.init(configuration) { _ in "file" }], environment: ["HOME": "/home/ana"], hostName: "ops-1")
    }

    @Test("the log level and what is kept change at once; an address waits for a restart, and that is said")
    func takesOver() async throws {
        let record = LogRecord()
        let gate = LogLevelGate(.info)
        let wanted = try Self.settings {
            $0.log = ControllerConfiguration.Log()
            $0.log?.level = .debug
            $0.retention = ControllerConfiguration.Retention()
            $0.retention?.runs = .init(perExperiment: 7)
            $0.listen = ["0.0.0.0:1"]
        }
        let reloader = Reloader(
            settings: try Self.settings(), read: { wanted }, level: gate, logger: record.logger())
        await reloader.reload()
        #expect(gate.level == .debug)
        #expect(await reloader.settings.runsKept == 7)
        #expect(await reloader.settings.listen == ["127.0.0.1:7443"])
        #expect(record.all.map(\.metadata["changed"]) == ["retention.runs.perExperiment, log.level", nil])
        #expect(record.all.last?.metadata["fields"] == "listen")
    }

    @Test("a file that cannot be read changes nothing, and every problem of it is said")
    func keeps() async throws {
        let record = LogRecord()
        let gate = LogLevelGate(.info)
        let before = try Self.settings()
        let failure = CommandFailure(.usage, "2 problems", hint: "", details: ["a.yaml:1:1: x", "a.yaml:2:1: y"])
        let reloader = Reloader(settings: before, read: { throw failure }, level: gate, logger: record.logger())
        await reloader.reload()
        #expect(await reloader.settings == before)
        #expect(gate.level == .info)
        #expect(record.all.map(\.level) == [.error])
        #expect(record.all.first?.metadata["problems"] == "a.yaml:1:1: x; a.yaml:2:1: y")
    }
}

@Suite("Two controllers on one store")
struct PresenceTests {
    @Test("the second says so once, and again when it is alone", .timeLimit(.minutes(1)))
    func second() async throws {
        let scratch = try await ScratchStore()
        let clock = StandingClock()
        let first = Presence(
            store: scratch.store, holder: "first", clock: clock, registry: MetricsRegistry(),
            logger: LogRecord().logger())
        let firstTask = Task { await first.run() }
        await clock.untilSomebodySleeps()
        let (record, registry, secondClock) = (LogRecord(), MetricsRegistry(), StandingClock())
        let second = Presence(
            store: scratch.store, holder: "second", clock: secondClock, registry: registry, logger: record.logger())
        let secondTask = Task { await second.run() }
        await secondClock.untilSomebodySleeps()
        secondClock.advance(by: .seconds(5))
        await secondClock.untilSomebodySleeps()
        #expect(record.all.map(\.level) == [.warning])
        #expect(record.all.first?.metadata["other"] == "first")
        #expect(figures(in: await registry.text(.prometheus))["rebound_controller_first"] == "0")
        firstTask.cancel()
        await firstTask.value
        secondClock.advance(by: .seconds(5))
        await secondClock.untilSomebodySleeps()
        #expect(record.all.map(\.level) == [.warning, .notice])
        #expect(figures(in: await registry.text(.prometheus))["rebound_controller_first"] == "1")
        secondTask.cancel()
        await secondTask.value
    }
}

@Suite("What is kept of runs")
struct StoreUpkeepTests {
    @Test("a round removes what ended longer ago than the settings say, but for what still has something to report")
    func round() async throws {
        let scratch = try await ScratchStore()
        var done = RunStatus(phase: .done)
        done.undo = .clean
        done.endedAt = Timestamp("2020-01-01T00:00:00Z")
        for name in ["gone", "reporting"] { _ = try await scratch.run(name, done) }
        _ = try await scratch.run("under-way", RunStatus(phase: .holding))
        let kept = try #require(try await scratch.store.get(Run.self, namespace: "default", name: "reporting"))
        let report = ReportSpec(destination: .sns(SNSReportSpec(topicArn: "arn:aws:sns:eu-west-1:123456789012:x")))
        try await scratch.store.enqueue(
            OutboxEntry(
                id: "r", run: try #require(kept.metadata.uid), sequence: 1, event: .verdict, report: report,
                payload: "{}"))
        let settings = try ServiceSettings(layers: [], environment: ["HOME": "/home/ana"], hostName: "ops-1")
        let record = LogRecord()
        let reloader = Reloader(
            settings: settings, read: { settings }, level: LogLevelGate(.info), logger: record.logger())
        let all = ServiceFigures()
        let upkeep = StoreUpkeep(
            store: scratch.store, reloader: reloader, clock: StandingClock(), figures: all.upkeep,
            logger: record.logger())
        await upkeep.keep()
        let left = try await scratch.store.list(Run.self, namespace: nil, labels: [:]).items.map(\.metadata.name)
        #expect(left == ["reporting", "under-way"])
        #expect(record.messages == ["old runs were removed"])
        let now = figures(in: await all.registry.text(.prometheus))
        #expect(now["rebound_store_upkeep_rounds_total{outcome=\"done\"}"] == "1")
        #expect(now["rebound_store_runs_removed_total"] == "1")
        #expect(now["rebound_store_changes_removed_total"] == "0")
        _ = try await scratch.store.acquireLease(
            "store/upkeep", holder: "another", for: .seconds(60), now: StoreEnvironment.system.now())
        await upkeep.keep()
        let later = figures(in: await all.registry.text(.prometheus))
        #expect(later["rebound_store_upkeep_rounds_total{outcome=\"elsewhere\"}"] == "1")
        await scratch.store.close()
        await upkeep.keep()
        let last = figures(in: await all.registry.text(.prometheus))
        #expect(last["rebound_store_upkeep_rounds_total{outcome=\"failed\"}"] == "1")
    }
}

@Suite("The data folder")
struct DataFolderTests {
    private func scratch() -> String {
        FileManager.default.temporaryDirectory.appending(path: "rebound-data-\(UUID().uuidString)").path
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("it is made for its owner alone, with what lies above it")
    func made() throws {
        let folder = scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try DataFolder.prepare(folder + "/a/b")
        #expect(try mode(folder + "/a/b") == 0o700)
        #expect(try mode(folder) == 0o700)
    }

    @Test("one that others may look into is closed to them")
    func closed() throws {
        let folder = scratch()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try DataFolder.prepare(folder)
        #expect(try mode(folder) == 0o700)
    }

    @Test("what is no folder is refused")
    func refused() throws {
        let path = scratch()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("x".utf8).write(to: URL(filePath: path))
        #expect(throws: CommandFailure.self) { try DataFolder.prepare(path) }
    }
}
