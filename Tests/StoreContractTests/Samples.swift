// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

extension ExperimentSpec {
    /// The least that a plan can be; what it says does not matter to a store.
    static func sample(_ hypothesis: String = "it holds") -> ExperimentSpec {
        ExperimentSpec(
            hypothesis: hypothesis, steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(60))))
    }
}

extension Experiment {
    static func sample(
        _ name: String, namespace: String? = nil, labels: [String: String]? = nil, finalizers: [String]? = nil
    ) -> Experiment {
        var metadata = ObjectMetadata(name: name, namespace: namespace, labels: labels)
        metadata.finalizers = finalizers
        return Experiment(metadata: metadata, spec: .sample())
    }
}

extension Run {
    static func sample(_ name: String, ownedBy owners: [Experiment] = [], finalizers: [String]? = nil) -> Run {
        var metadata = ObjectMetadata(name: name)
        metadata.ownerReferences = owners.map {
            OwnerReference(kind: .experiment, name: $0.metadata.name, uid: $0.metadata.uid ?? "")
        }
        metadata.finalizers = finalizers
        return Run(
            metadata: metadata,
            spec: RunSpec(experiment: "an experiment", plan: .sample(), seed: .max, requestedBy: "a test"))
    }
}

extension Injection {
    static func sample(_ name: String, of run: Run) -> Injection {
        var metadata = ObjectMetadata(name: name)
        metadata.ownerReferences = [
            OwnerReference(kind: .run, name: run.metadata.name, uid: run.metadata.uid ?? "")
        ]
        let target = PlannedTarget(id: "i-1", account: "123456789012", region: "eu-west-1")
        return Injection(
            metadata: metadata,
            spec: InjectionSpec(
                run: run.metadata.name, fault: "stop", action: .ec2(.stop), target: target,
                scope: AWSScope(region: "eu-west-1"), duration: nil, planHash: ""))
    }
}

extension Reservation {
    static func sample(
        _ id: String, run: String = "run-1", target: String? = nil, group: String = "", at: Timestamp
    ) -> Reservation {
        Reservation(id: id, run: run, target: target ?? "target-of-\(id)", group: group, at: at)
    }
}

extension OutboxEntry {
    static func sample(_ id: String, run: String = "run-1", sequence: Int64, topic: String = "a") -> OutboxEntry {
        OutboxEntry(
            id: id, run: run, sequence: sequence, event: .verdict,
            report: ReportSpec(destination: .sns(SNSReportSpec(topicArn: topic))), payload: "{}")
    }
}

extension ReservationOutcome {
    var token: Int64? {
        if case .held(let token) = self { return token }
        return nil
    }

    var refusal: String? {
        if case .refused(let reason) = self { return reason }
        return nil
    }
}

/// The code of the `StoreError` that the body throws; nil when it throws none.
func storeErrorCode(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}
