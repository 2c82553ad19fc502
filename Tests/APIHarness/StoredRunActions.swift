// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import ResourceStore
import SQLiteStore

/// What can be done to runs with a store alone: nobody drives them here, and nothing is ever harmed.
struct StoredRunActions: RunActions {
    let store: SQLiteStore

    func plan(experiment: String, namespace: String, seed: UInt64?) async throws(ActionError) -> PlanReport {
        throw ActionError(.unavailable, "no cloud is configured here", hint: "")
    }

    func start(experiment: String, namespace: String, _ request: RunRequest) async throws(ActionError) -> Run {
        do throws(StoreError) {
            guard let plan = try await store.get(Experiment.self, namespace: namespace, name: experiment) else {
                throw StoreError(.notFound, "there is no experiment \(experiment)", hint: "")
            }
            let name = "\(experiment)-\(request.seed ?? 1)"
            let spec = RunSpec(
                experiment: experiment, plan: plan.spec, seed: request.seed ?? 1, requestedBy: request.requestedBy,
                reason: request.reason)
            return try await store.create(
                Run(metadata: ObjectMetadata(name: name, namespace: namespace), spec: spec))
        } catch {
            throw ActionError(error)
        }
    }

    func abort(run: String, namespace: String, requestedBy: String, reason: String) async throws(ActionError) {
        do throws(StoreError) {
            var found = try await stored(run, namespace)
            found.spec.abort = AbortRequest(
                requestedBy: requestedBy, reason: reason, at: StoreEnvironment.system.now())
            _ = try await store.update(found)
        } catch {
            throw ActionError(error)
        }
    }

    func approve(run: String, namespace: String, approvedBy: String, reason: String?) async throws(ActionError) {
        throw ActionError(.conflict, "run \(run) does not wait for approval", hint: "")
    }

    func observations(run: String, namespace: String) async throws(ActionError) -> AsyncThrowingStream<
        [UInt8], any Error
    > {
        do throws(StoreError) { _ = try await stored(run, namespace) } catch { throw ActionError(error) }
        return AsyncThrowingStream { continuation in
            for index in 1...3 { continuation.yield(Array("{\"slot\":\(index)}\n".utf8)) }
            continuation.finish()
        }
    }

    func report(run: String, namespace: String, format: ReportFormat) async throws(ActionError) -> String {
        do {
            let found = try await stored(run, namespace)
            return format == .json ? try ManifestWriter.json(found) : "run \(run)\n"
        } catch let error as StoreError {
            throw ActionError(error)
        } catch {
            throw ActionError(.unavailable, "\(error)", hint: "")
        }
    }

    func halt(reason: String, requestedBy: String) async throws(ActionError) {
        throw ActionError(.unavailable, "nothing is driven here", hint: "")
    }

    func resume(reason: String, requestedBy: String) async throws(ActionError) -> [String] { [] }

    private func stored(_ run: String, _ namespace: String) async throws(StoreError) -> Run {
        guard let found = try await store.get(Run.self, namespace: namespace, name: run) else {
            throw StoreError(.notFound, "there is no run \(run)", hint: "See `kubectl get runs`.")
        }
        return found
    }
}

extension ActionError {
    init(_ error: StoreError) {
        self.init(error.code == .notFound ? .notFound : .unavailable, error.message, hint: error.hint)
    }
}
