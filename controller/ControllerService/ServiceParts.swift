// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Identity
import Logging
import ResourceStore
import SQLiteStore

/// One thing that the service does until it is cancelled.
struct ServicePart: Sendable {
    var name: String
    var run: @Sendable () async throws -> Void

    /// Nil when the part was cancelled; a part that ends otherwise takes the service with it.
    func work(logger: Logger) async -> ServiceEnding? {
        do { try await run() } catch {
            guard !Task.isCancelled else { return nil }
            let failure = CommandFailure(anything: error)
            logger.error(
                "a part of the controller failed",
                metadata: ["part": "\(name)", "reason": "\(failure.message)", "hint": "\(failure.hint)"])
            return .failed(part: name)
        }
        return Task.isCancelled ? nil : .failed(part: name)
    }
}

/// Everything that the service does side by side.
struct ServiceParts: Sendable {
    let reloader: Reloader
    let api: APIPart
    let all: [ServicePart]

    init(
        order: ServiceOrder, store: SQLiteStore, control: ExperimentController, identity: FleetIdentity,
        clock: any ControlClock, figures: ServiceFigures
    ) {
        let logger = order.logger
        let settings = order.settings
        reloader = Reloader(settings: settings, read: order.reload, level: order.level, logger: logger)
        let runs = figures.add(store: store, path: settings.storePath, clock: clock, logger: logger)
        let presence = Presence(
            store: store, holder: Holder.name, clock: clock, registry: figures.registry, logger: logger)
        let hosts = HostContacts(store: store, clock: clock, registry: figures.registry, logger: logger)
        let actions = ControllerActions(control: control, store: store, clock: clock)
        api = APIPart(
            order: order, store: store, identity: identity, actions: actions, figures: figures, clock: clock)
        let checkpoints = AuditCheckpoints(
            trail: store, key: identity.folder.signingKey, interval: settings.checkpointEvery.duration, clock: clock,
            logger: logger)
        let upkeep = StoreUpkeep(
            store: store, reloader: reloader, clock: clock, figures: figures.upkeep, logger: logger)
        all =
            [
                ServicePart(name: "driving runs") { try await control.driveAll() },
                ServicePart(name: "schedules") { await control.runSchedules() },
                ServicePart(name: "figures") { await runs.follow() },
                ServicePart(name: "presence") { await presence.run() },
                ServicePart(name: "hosts") { await hosts.run() },
                ServicePart(name: "upkeep of the store") { await upkeep.run() },
                ServicePart(name: "audit checkpoints") { await checkpoints.run() },
            ] + api.parts
    }
}
