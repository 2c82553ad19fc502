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
struct RunRetentionTests {
    private static let now = Timestamp(nanosecondsSinceEpoch: 1_795_500_000_000_000_000)

    private func run(_ name: String, hoursAgo: Int64, undo: UndoState = .clean, phase: RunPhase = .done) -> Run {
        var run = Run(metadata: ObjectMetadata(name: name, namespace: "default"), spec: ScratchStore.spec)
        var status = RunStatus(phase: phase)
        status.endedAt = phase == .done ? Self.now.advanced(by: .seconds(-3_600 * hoursAgo)) : nil
        status.undo = undo
        run.status = status
        return run
    }

    private func due(_ runs: [Run], hours: Int64 = 24, most: Int = 100) -> [String] {
        RunRetention.due(runs, olderThan: .seconds(3_600 * hours), perExperiment: most, now: Self.now)
            .map(\.metadata.name)
    }

    @Test("what ended longer ago goes")
    func age() { #expect(due([run("new", hoursAgo: 23), run("old", hoursAgo: 25)]) == ["old"]) }

    @Test("of each experiment the newest stay")
    func count() {
        let runs = [run("c", hoursAgo: 3), run("a", hoursAgo: 1), run("b", hoursAgo: 2)]
        #expect(due(runs, most: 2) == ["c"])
    }

    @Test("what is under way stays, and so does what owes an undo until somebody dealt with it")
    func owed() {
        var dirty = run("dirty", hoursAgo: 99, undo: .dirty)
        #expect(due([dirty, run("under way", hoursAgo: 99, phase: .holding)]) == [])
        dirty.metadata.annotations = [RunRetention.acknowledgement: "started by hand"]
        #expect(due([dirty]) == ["dirty"])
    }

    @Test("a round removes what is due, but for what still has something to report")
    func round() async throws {
        let scratch = try await ScratchStore()
        let (gone, reporting) = (run("gone", hoursAgo: 9_999), run("reporting", hoursAgo: 9_999))
        for run in [gone, reporting] { _ = try await scratch.run(run.metadata.name, try #require(run.status)) }
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
        await RunRetention(
            store: scratch.store, reloader: reloader, clock: StandingClock(), logger: record.logger()
        ).keep()
        let left = try await scratch.store.list(Run.self, namespace: nil, labels: [:]).items.map(\.metadata.name)
        #expect(left == ["reporting"])
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
