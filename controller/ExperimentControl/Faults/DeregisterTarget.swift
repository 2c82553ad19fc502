// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// DeregisterTargets, and RegisterTargets with the same ports and zones to undo it. What is taken away, looked at and
/// put back is what the record says and nothing else: a registration that came after the record would not come back.
/// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
struct DeregisterTarget: AWSFault {
    let id: String
    let targetGroupArns: [String]
    /// The injection's record; nil before there is one.
    let record: UndoRecord?
    let reader: AWSReader
    let actor: AWSActor

    func plan() async throws(AWSError) -> UndoRecord {
        var records: [UndoRecord.RegisteredTarget] = []
        for arn in targetGroupArns {
            for health in try await registrations(arn) where !Self.isLeaving(health.state) {
                records.append(
                    .init(
                        targetGroupArn: arn, id: id, port: health.target.port, zone: health.target.availabilityZone))
            }
        }
        return .registerTargets(records)
    }

    func inject() async throws(AWSError) -> String? {
        var hasActed = false
        for (arn, targets) in recorded() {
            do throws(AWSError) {
                try await actor.loadBalancing.deregisterTargets(targets, from: TargetGroupARN(rawValue: arn))
                hasActed = true
            } catch {
                // Out of one target group and refused by the next: half is done, and must be put back.
                var error = error
                error.mayHaveActed = error.mayHaveActed || hasActed
                throw error
            }
        }
        return nil
    }

    func effect() async throws(AWSError) -> FaultEffect {
        var seen: [String] = []
        for (arn, targets) in recorded() {
            seen += try await registrations(arn).filter { now in targets.contains { Self.isSame($0, now.target) } }
                .map(\.state.awsName)
        }
        let serving = seen.contains { !["draining", "unused"].contains($0) }
        let evidence =
            "DescribeTargetHealth: \(id) is \(seen.isEmpty ? "not registered" : seen.joined(separator: ", "))"
        return serving ? .notYet(evidence: evidence) : .seen(evidence: evidence)
    }

    func revert(_ undo: UndoRecord, announce: @Sendable () async -> Void) async throws(AWSError) {
        for (arn, targets) in Self.targets(of: undo) {
            await announce()
            try await actor.loadBalancing.registerTargets(targets, in: TargetGroupARN(rawValue: arn))
        }
    }

    func isReverted(_ undo: UndoRecord) async throws(AWSError) -> RevertState {
        guard case .registerTargets(let records) = undo else { return .reverted(evidence: "nothing to register") }
        let state = try await reader.instanceState(id)
        if state == .shuttingDown || state == .terminated {
            return .targetGone(evidence: "DescribeInstances: \(id) is \(state.awsName)")
        }
        for record in records {
            let back = try await registrations(record.targetGroupArn).contains {
                !Self.isLeaving($0.state) && (record.port == nil || $0.target.port == record.port)
            }
            if !back { return .notYet(evidence: "DescribeTargetHealth: \(id) is not in \(record.targetGroupArn)") }
        }
        return .reverted(evidence: "DescribeTargetHealth: \(id) is registered")
    }

    private func recorded() -> [(arn: String, targets: [LoadBalancerTarget])] { record.map(Self.targets) ?? [] }

    /// By target group, in order.
    private static func targets(of undo: UndoRecord) -> [(arn: String, targets: [LoadBalancerTarget])] {
        guard case .registerTargets(let records) = undo else { return [] }
        return Dictionary(grouping: records, by: \.targetGroupArn).sorted { $0.key < $1.key }.map { arn, records in
            (arn, records.map { LoadBalancerTarget(id: $0.id, port: $0.port, availabilityZone: $0.zone) })
        }
    }

    private static func isSame(_ recorded: LoadBalancerTarget, _ now: LoadBalancerTarget) -> Bool {
        recorded.id == now.id && (recorded.port == nil || recorded.port == now.port)
    }

    private func registrations(_ arn: String) async throws(AWSError) -> [TargetHealth] {
        try await reader.loadBalancing.describeTargetHealth(of: TargetGroupARN(rawValue: arn)).filter {
            $0.target.id == id
        }
    }

    private static func isLeaving(_ state: TargetHealthState) -> Bool { state == .draining || state == .unused }
}
