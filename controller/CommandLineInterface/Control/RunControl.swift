// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
package import ExperimentControl
package import Logging
package import ResourceClient
package import ResourceStore

/// What the commands ask of the part that plans and drives runs. The programs fill it from an `ExperimentController`.
package struct RunControl: Sendable {
    /// What a run is made of.
    package struct Order: Sendable {
        package var experiment: Experiment
        package var policies: [Policy]
        package var seed: UInt64?
        package var expectedPlanHash: String?
        package var requestedBy: String
        package var reason: String?
    }

    /// Reads only, by the store's policies and these. A plan whose guards failed is returned, not thrown.
    package var plan: @Sendable (Experiment, [Policy], UInt64?) async throws -> PlanReport
    /// Plans, and records the run.
    package var submit: @Sendable (Order) async throws -> Run
    /// Starts or resumes a run, and returns when it is done.
    package var drive: @Sendable (ResourceKey) async throws -> Run
    /// Drives every unfinished run, and the reports, until cancelled.
    package var driveAll: @Sendable () async throws -> Void
    /// Asks for a run to end early and undo.
    package var abort: @Sendable (ResourceKey, AbortRequest) async throws -> Void
    /// Writes down that a person agrees to the plan of a run.
    package var approve: @Sendable (ResourceKey, _ by: String, _ reason: String?) async throws -> Run
    /// Stops everything, and returns the order in force.
    package var halt: @Sendable (_ reason: String, _ requestedBy: String) async throws -> Policy
    /// Ends the halt, and returns what halts still.
    package var resume: @Sendable (_ reason: String, _ requestedBy: String) async throws -> [String]
    /// About five times a second while a run is driven by this process.
    package var progress: @Sendable (ResourceKey) -> AsyncStream<RunProgress>

    package init(
        plan: @escaping @Sendable (Experiment, [Policy], UInt64?) async throws -> PlanReport,
        submit: @escaping @Sendable (Order) async throws -> Run,
        drive: @escaping @Sendable (ResourceKey) async throws -> Run,
        driveAll: @escaping @Sendable () async throws -> Void,
        abort: @escaping @Sendable (ResourceKey, AbortRequest) async throws -> Void,
        approve: @escaping @Sendable (ResourceKey, _ by: String, _ reason: String?) async throws -> Run,
        halt: @escaping @Sendable (_ reason: String, _ requestedBy: String) async throws -> Policy,
        resume: @escaping @Sendable (_ reason: String, _ requestedBy: String) async throws -> [String],
        progress: @escaping @Sendable (ResourceKey) -> AsyncStream<RunProgress>
    ) {
        self.plan = plan
        self.submit = submit
        self.drive = drive
        self.driveAll = driveAll
        self.abort = abort
        self.approve = approve
        self.halt = halt
        self.resume = resume
        self.progress = progress
    }
}

/// A store, and how it is closed.
package struct OpenStore: Sendable {
    package var resources: any ResourceStore
    package var close: @Sendable () async -> Void

    package init(resources: any ResourceStore, close: @escaping @Sendable () async -> Void) {
        self.resources = resources
        self.close = close
    }
}

/// How the commands come by a store and a controller. Called only by commands that need them.
package struct Opening: Sendable {
    /// What a command does with a store.
    package enum Access: Sendable, Equatable {
        /// The store must be there already.
        case existing
        /// The store is made where it is missing, and checked before anything is entrusted to it.
        case creating
        /// The store where it is there; else an empty one of this process only, which leaves nothing behind.
        case ifThere
    }

    package var store: @Sendable (String, Access) async throws -> OpenStore
    package var control: @Sendable (any ResourceStore, Logger) async throws -> RunControl
    /// A client of a server, with where its warnings go.
    package var client: @Sendable (ServerConnection, @escaping @Sendable (String) -> Void) throws -> ResourceClient = {
        _, _ in throw CommandFailure.serverOnly("speaking to a server")
    }

    package init(
        store: @escaping @Sendable (String, Access) async throws -> OpenStore,
        control: @escaping @Sendable (any ResourceStore, Logger) async throws -> RunControl
    ) {
        self.store = store
        self.control = control
    }
}
