// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore

/// A run of two targets that goes on where it was, however often it is killed.
struct SmallRun {
    let store: SQLiteStore
    let acts: ActLog

    init(store: SQLiteStore, acts: String) {
        self.store = store
        self.acts = ActLog(path: acts)
    }

    func finish() async throws {
        var run = try await theRun()
        if run.status == nil {
            run.status = RunStatus(phase: .injecting)
            run = try await store.updateStatus(run)
        }
        if run.status?.phase == .injecting {
            try await harm()
            run.status?.phase = .done
            try await store.enqueue(
                OutboxEntry(
                    id: "verdict", run: "run", sequence: 1, event: .verdict,
                    report: ReportSpec(destination: .sns(SNSReportSpec(topicArn: "topic"))), payload: "{}"))
            run = try await store.updateStatus(run)
        }
        try await store.finish(run: "run")
    }

    private func theRun() async throws -> Run {
        if let stored = try await store.get(Run.self, namespace: "default", name: "run") { return stored }
        let spec = RunSpec(experiment: "e", plan: Self.plan("it holds"), seed: 1, requestedBy: "a test")
        return try await store.create(Run(metadata: ObjectMetadata(name: "run"), spec: spec))
    }

    private func harm() async throws {
        for target in ["i-1", "i-2"] {
            let asked = Reservation(
                id: "harm-\(target)", run: "run", target: target, group: "web", at: StoreEnvironment.system.now())
            let outcome = try await store.reserve(asked, caps: ReservationCaps(perRun: 2, perDay: 2, perGroup: 2))
            guard case .held(let token) = outcome else { continue }
            acts.act(asked, token: token)
            try await store.append(chunk: MeasurementChunk(run: "run", content: .observations, data: [1, 2, 3]))
        }
    }

    static func plan(_ hypothesis: String) -> ExperimentSpec {
        ExperimentSpec(
            hypothesis: hypothesis, steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(60))))
    }
}
