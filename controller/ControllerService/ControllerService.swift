// SPDX-License-Identifier: Apache-2.0
import AWS
import CLinux
import ChaosModel
package import CommandLineInterface
import ExperimentControl
import Glibc
import HTTPTransport
import Logging
import ResourceStore
package import SQLiteStore

/// The controller as a service: what `rebound-controller serve` does. Opens the parts, lets them work side by side, and
/// closes them in order.
package struct ControllerService: Sendable {
    let order: ServiceOrder
    let manager: ServiceManager
    let figures = ServiceFigures()
    let clock: any ControlClock = SystemControlClock()
    private let writeObserver: StoreWriteObserver?

    /// Room on the store's disk for writing down what is put back when the disk is full.
    private static let reserveBytes: Int64 = 16 << 20

    /// `writeObserver` hears of every write of the store; the crash tests end the process in one.
    package init(order: ServiceOrder, writeObserver: StoreWriteObserver? = nil) {
        self.order = order
        self.writeObserver = writeObserver
        manager = ServiceManager(environment: order.environment)
    }

    /// Serves until a signal says that it is enough. Throws what keeps it from starting; a part that fails later ends
    /// it with `.error`, so that a service manager starts another.
    package func run() async throws -> CommandStatus {
        // Work moves from thread to thread; with a heap for each, what is free in one is no use to the others, and the
        // memory grows for days (the soak shows it). Two are as quick here: little of the time goes into allocating.
        _ = clinux_limit_heaps(2)  // One that cannot be limited is as before.
        let settings = order.settings
        try DataFolder.prepare(settings.dataFolder)
        var options = SQLiteStoreOptions(environment: .system)
        options.checksIntegrity = settings.checksIntegrity
        options.reserveBytes = Self.reserveBytes
        options.writeObserver = writeObserver
        let store = try await SQLiteStore.open(path: settings.storePath, options: options)
        do {
            let status = try await serve(store)
            await store.close()
            return status
        } catch {
            await store.close()
            throw error
        }
    }

    private func serve(_ store: SQLiteStore) async throws -> CommandStatus {
        try await FirstStart(store: store, logger: order.logger).leash()
        let control = try controller(store)
        let identity = try FleetIdentity(order: order, store: store, clock: clock)
        let parts = ServiceParts(
            order: order, store: store, control: control, identity: identity, clock: clock, figures: figures)
        order.logger.notice(
            "controller started",
            metadata: ["version": "\(ReboundVersion.current)", "data": "\(order.settings.dataFolder)"])
        let ending = await withTaskGroup(of: ServiceEnding?.self) { group in
            for part in parts.all { group.addTask { await part.work(logger: order.logger) } }
            group.addTask { .signal(await followSignals(parts.reloader, control)) }
            group.addTask { [manager, clock] in
                await Watchdog(manager: manager, clock: clock) {
                    _ = try? await store.pendingReports(run: "")  // Whatever it answers, it lives.
                }.run()
                return nil
            }
            group.addTask { await beginServing(parts.api, identity) }
            let ending = await firstEnding(of: &group)
            manager.tell(.stopping(status: "Stopping: \(ending)."))
            group.cancelAll()
            await group.waitForAll()
            return ending
        }
        return try await say(ending, store)
    }

    /// Once every address is listened on, the service manager and, at the first start, the operator are told.
    private func beginServing(_ api: APIPart, _ identity: FleetIdentity) async -> ServiceEnding? {
        guard await api.untilServing(), let address = await api.firstAddress else { return nil }
        do {
            if let notice = try await identity.firstTokenNotice(address: address) { order.tell(notice) }
        } catch {
            let failure = CommandFailure(anything: error)
            order.logger.error(
                "the first administrator's token was not made",
                metadata: ["reason": "\(failure.message)", "hint": "\(failure.hint)"])
            return .failed(part: "the first token")
        }
        manager.tell(.ready(status: "Serving."))
        return nil
    }

    private func firstEnding(of group: inout TaskGroup<ServiceEnding?>) async -> ServiceEnding {
        while let ending = await group.next() {
            if let ending { return ending }
        }
        return .signal("none")
    }

    private func say(_ ending: ServiceEnding, _ store: any ResourceStore) async throws -> CommandStatus {
        let unfinished = try? await store.list(Run.self, namespace: nil, labels: [:]).items
            .count { $0.status?.phase != .done }  // Only for the line below.
        order.logger.notice(
            "controller stopped; nothing was aborted, unfinished runs are continued at the next start",
            metadata: ["because": "\(ending)", "unfinished": "\(unfinished.map(String.init) ?? "unknown")"])
        switch ending {
        case .signal: return .pass
        case .failed: return .error
        }
    }

    private func controller(_ store: any ResourceStore) throws -> ExperimentController {
        let environment = order.environment
        let aws = try AWSConnections(
            environment: AWSEnvironment(variables: environment, homeDirectory: environment["HOME"]),
            transport: try HTTPClient(), random: { Double.random(in: 0..<1) }, logger: order.logger,
            attemptObserver: { [figures] in figures.aws.note($0) })
        let own = Set([OwnInstance.detect()].compactMap { $0 } + order.settings.ownInstances)
        var options = ControllerOptions(ownInstances: own)
        options.haltFile = order.settings.haltFile
        options.haltSignals = ProcessSignals.halts
        options.ownFolder = order.settings.dataFolder
        return ExperimentController(store: store, aws: aws, options: options, clock: clock, logger: order.logger)
    }

    /// Returns the name of the signal that ends the service.
    private func followSignals(_ reloader: Reloader, _ control: ExperimentController) async -> String {
        for await number in order.signals {
            switch number {
            case SIGHUP:
                manager.tell(.reloading(monotonicMicroseconds: clock.now().nanoseconds / 1_000))
                await reloader.reload()
                manager.tell(.ready(status: "Serving."))
            default: return ProcessSignals.name(number)
            }
        }
        return "none"
    }
}

/// Why the service ends.
enum ServiceEnding: Sendable, CustomStringConvertible {
    case signal(String)
    case failed(part: String)

    var description: String {
        switch self {
        case .signal(let name): name
        case .failed(let part): "\(part) failed"
        }
    }
}
