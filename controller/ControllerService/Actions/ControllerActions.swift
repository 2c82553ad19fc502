// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ControllerAPI
import ExperimentControl
import Logging
import ResourceStore

/// What the API asks of whoever plans and drives runs, answered by the controller of this process.
struct ControllerActions: RunActions {
    let control: ExperimentController
    let store: any ResourceStore
    let clock: any ControlClock

    func plan(experiment: String, namespace: String, seed: UInt64?) async throws(ActionError) -> PlanReport {
        let found = try await self.experiment(experiment, namespace)
        do throws(ExperimentError) { return try await control.plan(found, policies: [], seed: seed) } catch {
            throw ActionError(error)
        }
    }

    func start(experiment: String, namespace: String, _ request: RunRequest) async throws(ActionError) -> Run {
        let found = try await self.experiment(experiment, namespace)
        do throws(ExperimentError) {
            return try await control.start(
                found, seed: request.seed, expectedPlanHash: request.expectedPlanHash,
                requestedBy: request.requestedBy, reason: request.reason)
        } catch {
            throw ActionError(error)
        }
    }

    func abort(run: String, namespace: String, requestedBy: String, reason: String) async throws(ActionError) {
        _ = try await self.run(run, namespace)
        do throws(ExperimentError) {
            try await control.abort(run: run, namespace: namespace, requestedBy: requestedBy, reason: reason)
        } catch {
            throw ActionError(error)
        }
    }

    func approve(run: String, namespace: String, approvedBy: String, reason: String?) async throws(ActionError) {
        _ = try await self.run(run, namespace)
        do throws(ExperimentError) {
            try await control.approve(run: run, namespace: namespace, by: approvedBy, reason: reason)
        } catch {
            throw ActionError(error)
        }
    }

    func halt(reason: String, requestedBy: String) async throws(ActionError) {
        do throws(ExperimentError) { try await control.halt(reason: reason, requestedBy: requestedBy) } catch {
            throw ActionError(error)
        }
    }

    func resume(reason: String, requestedBy: String) async throws(ActionError) -> [String] {
        do throws(ExperimentError) {
            return try await control.resume(reason: reason, requestedBy: requestedBy)
        } catch {
            throw ActionError(error)
        }
    }

    func observations(run: String, namespace: String) async throws(ActionError) -> AsyncThrowingStream<
        [UInt8], any Error
    > {
        let found = try await self.run(run, namespace)
        return ObservationLines(store: store, clock: clock, key: found.key).stream()
    }

    func report(run: String, namespace: String, format: ReportFormat) async throws(ActionError) -> String {
        let found = try await self.run(run, namespace)
        do { return try ReportText(run: found).text(format) } catch {
            throw ActionError(.unavailable, "the report cannot be written: \(error)", hint: "Ask for another format.")
        }
    }

    // MARK: Looking up

    private func experiment(_ name: String, _ namespace: String) async throws(ActionError) -> Experiment {
        do throws(StoreError) {
            if let found = try await store.get(Experiment.self, namespace: namespace, name: name) { return found }
        } catch {
            throw ActionError(error)
        }
        throw ActionError(
            .notFound, "there is no experiment \(name) in the namespace \(namespace)",
            hint: "See `kubectl get experiments -n \(namespace)`.")
    }

    private func run(_ name: String, _ namespace: String) async throws(ActionError) -> Run {
        do throws(StoreError) {
            if let found = try await store.get(Run.self, namespace: namespace, name: name) { return found }
        } catch {
            throw ActionError(error)
        }
        throw ActionError(
            .notFound, "there is no run \(name) in the namespace \(namespace)",
            hint: "See `kubectl get runs -n \(namespace)`.")
    }
}

extension ActionError.Code {
    init(_ error: StoreError) {
        switch error.code {
        case .notFound: self = .notFound
        case .full, .readOnly: self = .noRoom
        case .alreadyExists, .conflict, .expired, .unavailable, .corrupt, .invalid: self = .unavailable
        }
    }
}

extension ActionError {
    init(_ error: StoreError) {
        self.init(Code(error), error.message, hint: error.hint)
    }

    /// What refused, with the guards that did.
    init(_ error: ExperimentError) {
        let code: Code =
            switch error.code {
            case .invalid, .noTargets, .targetsNotFound: .invalid
            case .notPermitted: .forbidden
            case .guardRefused, .planChanged, .gateClosed, .busy: .conflict
            case .store: (error.cause as? StoreError).map { Code($0) } ?? .unavailable
            case .awsUnavailable, .noCredentials, .noRegion, .internalError: .unavailable
            }
        let refusing = error.guards.filter { !$0.passed }.map { "\($0.name): \($0.message)" }
        let message = ([error.message] + refusing).joined(separator: "; ")
        self.init(code, message, hint: error.hint)
    }
}
