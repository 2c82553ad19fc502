// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import ExperimentControl
import FoundationEssentials
import Glibc
import HTTPTransport
import Logging
import ResourceStore
import SQLiteStore
import Synchronization

/// Everything that goes on side by side, as in the service.
struct Soak: Sendable {
    private static let watchers = 12
    private static let wholeLife = 8
    private static let upkeepEvery = Duration.seconds(12 * 3_600)
    /// Kept short, so that what is kept stops growing soon.
    private static let retention = RetentionPolicy(
        runsFor: .seconds(5 * 86_400), runsPerExperiment: 5, changesFor: .seconds(86_400))

    let store: SQLiteStore
    let cloud: SmallCloud
    let calendar: FastCalendar
    private let driving: ExperimentController
    private let scheduling: ExperimentController
    private let tally = Tally()

    private final class Tally: Sendable {
        let counts = Mutex(
            SoakRunner.Progress(
                calendarSeconds: 0, runsEnded: 0, clean: 0, dirty: 0, runsRemoved: 0, reports: 0, events: 0,
                watchesOpened: 0, stopped: 0))
    }

    init(store: SQLiteStore, cloud: SmallCloud, calendar: FastCalendar) throws {
        self.store = store
        self.cloud = cloud
        self.calendar = calendar
        var logger = Logger(label: "soak") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let aws = try AWSConnections(
            environment: AWSEnvironment(
                variables: [
                    "AWS_ENDPOINT_URL": cloud.url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                    "AWS_SECRET_ACCESS_KEY": "very/secret+key", "AWS_REGION": "eu-west-1",
                ], homeDirectory: nil), transport: try HTTPClient(), random: { Double.random(in: 0..<1) },
            logger: logger)
        var options = ControllerOptions(ownInstances: [])
        options.evidenceInterval = .milliseconds(250)
        // Leases end by the date, which is fast here.
        options.leaseDuration = options.leaseDuration * Int(calendar.factor)
        driving = ExperimentController(
            store: store, aws: aws, options: options, clock: DriverClock(calendar: calendar), logger: logger)
        scheduling = ExperimentController(store: store, aws: aws, options: options, clock: calendar, logger: logger)
    }

    func begin(in group: inout TaskGroup<Void>) {
        group.addTask { await failing("driving") { try await driving.driveAll() } }
        group.addTask { await scheduling.runSchedules() }
        group.addTask { await keepUp() }
        group.addTask { await countRuns() }
        group.addTask { await tell() }
        for number in 0..<Self.watchers { group.addTask { await watch(number) } }
    }

    /// What fails here is a defect, and ends the soak.
    private func failing(_ what: String, _ body: () async throws -> Void) async {
        do { try await body() } catch { if !Task.isCancelled { fatalError("\(what): \(error)") } }
    }

    private func keepUp() async {
        await failing("upkeep") {
            while !Task.isCancelled {
                try await calendar.sleep(for: Self.upkeepEvery)
                let report = try await store.upkeep(Self.retention, holder: "soak")
                tally.counts.withLock { $0.runsRemoved += report?.runsRemoved.count ?? 0 }
            }
        }
    }

    /// Some watch as long as it lasts, as the controller's own parts do; others come and go, as people do.
    private func watch(_ number: Int) async {
        let kinds: [ResourceKind] = [.run, .injection, .schedule, .experiment]
        while !Task.isCancelled {
            tally.counts.withLock { $0.watchesOpened += 1 }
            do {
                let kind = kinds[number % kinds.count]
                var seen = 0
                let list = try await store.listDocuments(DocumentQuery(kind: kind, namespace: nil))
                let events = store.watchDocuments(
                    kind, namespace: nil, after: list.resourceVersion, bookmarks: .seconds(1))
                for try await event in events {
                    if case .change = event { tally.counts.withLock { $0.events += 1 } }
                    seen += 1
                    if number >= Self.wholeLife, seen == 10 { break }
                }
            } catch let error as StoreError where error.code == .expired {
                continue  // Slow, and told so: lists again.
            } catch {
                if !Task.isCancelled { fatalError("a watch: \(error)") }
            }
        }
    }

    private func countRuns() async {
        var done: Set<String> = []
        await failing("counting") {
            while !Task.isCancelled {
                let runs = try await store.list(Run.self, namespace: nil, labels: [:]).items
                for run in runs where run.isDone && done.insert(run.uid).inserted {
                    tally.counts.withLock { counts in
                        counts.runsEnded += 1
                        switch run.status?.undo {
                        case .clean?: counts.clean += 1
                        case .dirty?: counts.dirty += 1
                        default: break
                        }
                    }
                }
                done.formIntersection(runs.map(\.uid))
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func tell() async {
        let encoder = JSONEncoder()
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            let progress = tally.counts.withLock { counts in
                counts.calendarSeconds = calendar.passed.components.seconds
                counts.reports = cloud.count("Publish")
                counts.stopped = cloud.stopped
                return counts
            }
            guard let line = try? encoder.encode(progress) else { continue }  // Plain numbers: always encodes.
            print(String(decoding: line, as: UTF8.self))
            fflush(nil)
        }
    }
}

extension Run {
    fileprivate var isDone: Bool { status?.phase == .done }
    fileprivate var uid: String { metadata.uid ?? "" }
}
