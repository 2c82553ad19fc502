// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import ChaosModel
internal import ExperimentControl
internal import Glibc
internal import HTTPTransport
internal import ResourceClient
internal import SQLiteStore

extension Opening {
    /// The embedded store, and a controller in this process.
    package static func system(environment: [String: String]) -> Opening {
        var opening = Opening(
            store: { path, access in try await open(path, access) },
            control: { store, logger in
                let aws = try AWSConnections(
                    environment: AWSEnvironment(variables: environment, homeDirectory: environment["HOME"]),
                    transport: try HTTPClient(), random: { Double.random(in: 0..<1) }, logger: logger)
                var options = ControllerOptions(ownInstances: Set([OwnInstance.detect()].compactMap { $0 }))
                options.haltFile = (store as? SQLiteStore).flatMap { HaltFilePath.beside(store: $0.path) }
                options.haltSignals = ProcessSignals.halts
                return RunControl(ExperimentController(store: store, aws: aws, options: options, logger: logger))
            })
        opening.client = { connection, warn in
            var configuration = HTTPClientConfiguration()
            configuration.threadName = "rebound-client"
            return ResourceClient(
                connection, transport: try HTTPClient(configuration: configuration),
                userAgent: "rebound/" + ReboundVersion.current, clock: ContinuousClock(),
                chance: { Double.random(in: 0..<1) }, warn: warn)
        }
        return opening
    }

    /// Room on the store's disk for writing down what is put back when the disk is full.
    private static let reserveBytes: Int64 = 16 << 20

    private static func open(_ path: String, _ access: Access) async throws -> OpenStore {
        let isThere = Glibc.access(path, F_OK) == 0
        if access == .existing, !isThere {
            throw CommandFailure(
                .error, "there is no store at \(path): \(String(cString: strerror(errno)))",
                hint: "It is made by the first `rebound run`. Another one is given with --store.")
        }
        var options = SQLiteStoreOptions(environment: .system)
        // Reading the whole file is worth its time only before a fault is entrusted to it.
        options.checksIntegrity = access == .creating
        // Also for an abort, which must be possible on a full disk.
        if access != .ifThere { options.reserveBytes = Self.reserveBytes }
        let store = try await SQLiteStore.open(
            path: access == .ifThere && !isThere ? ":memory:" : path, options: options)
        return OpenStore(resources: store) { await store.close() }
    }
}

extension RunControl {
    init(_ controller: ExperimentController) {
        self.init(
            plan: { try await controller.plan($0, policies: $1, seed: $2) },
            submit: { order in
                try await controller.submit(
                    order.experiment, policies: order.policies, seed: order.seed,
                    expectedPlanHash: order.expectedPlanHash, requestedBy: order.requestedBy, reason: order.reason)
            },
            drive: { try await controller.drive(run: $0.name, namespace: $0.namespace) },
            driveAll: { try await controller.driveAll() },
            abort: { key, request in
                try await controller.abort(
                    run: key.name, namespace: key.namespace, requestedBy: request.requestedBy, reason: request.reason)
            },
            approve: { try await controller.approve(run: $0.name, namespace: $0.namespace, by: $1, reason: $2) },
            halt: { try await controller.halt(reason: $0, requestedBy: $1) },
            resume: { try await controller.resume(reason: $0, requestedBy: $1) },
            progress: { controller.progress(run: $0.name, namespace: $0.namespace) })
    }
}
