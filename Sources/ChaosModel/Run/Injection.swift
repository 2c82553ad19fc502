// SPDX-License-Identifier: Apache-2.0

/// One fault put into one target, from reserved to reverted.
package struct Injection: Resource {
    package static let kind = ResourceKind.injection
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.injection
    package var metadata: ObjectMetadata
    package var spec: InjectionSpec
    package var status: InjectionStatus?

    package init(metadata: ObjectMetadata, spec: InjectionSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// The order: which fault on which target, for which run. Never changes once written.
package struct InjectionSpec: Sendable, Codable, Equatable {
    package var run: String
    package var fault: String
    package var action: FaultAction
    package var target: PlannedTarget
    /// The Host whose agent puts the fault in and takes it out. Absent: the controller does, through the AWS API.
    package var host: String?
    package var scope: AWSScope
    package var duration: WrittenDuration?
    package var planHash: String

    package init(
        run: String, fault: String, action: FaultAction, target: PlannedTarget, scope: AWSScope,
        duration: WrittenDuration?, planHash: String
    ) {
        self.run = run
        self.fault = fault
        self.action = action
        self.target = target
        self.scope = scope
        self.duration = duration
        self.planHash = planHash
    }
}

/// Who puts a fault in and takes it out: nobody else acts on the injection, or says what became of it.
package enum InjectionExecutor: Sendable, Equatable {
    /// The controller, through the AWS API.
    case controller
    /// The agent of this Host.
    case agent(host: String)
}

extension InjectionSpec {
    /// Never changes, as the spec does not.
    package var executor: InjectionExecutor { host.map { .agent(host: $0) } ?? .controller }
}

/// The life of an injection. From `acting` on the world may have been changed.
package enum InjectionState: String, Sendable, Codable, CaseIterable {
    case pending, reserved, announced, armed
    /// The call is being made, or its answer is not known.
    case acting
    /// The call was accepted; the effect has not been seen yet.
    case accepted
    /// The effect was seen and the fault is held.
    case effective
    case reverting, reverted
    /// Took effect, and there is nothing to put back.
    case completed
    /// A guard refused it right before the act; nothing was changed.
    case refused
    /// The call was refused or failed; nothing was changed.
    case failed
    /// Accepted, but no effect was seen in time.
    case noEffect
    /// The target is gone (proved), so there is nothing left to put back.
    case targetGone
    /// It could not be put back, or that could not be read back.
    case revertFailed

    /// Whether nothing more will happen to it.
    package var isFinal: Bool {
        switch self {
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: true
        case .pending, .reserved, .announced, .armed, .acting, .accepted, .effective, .reverting, .noEffect: false
        }
    }
}

/// What must be put back, snapshotted before the act and durable before it.
package enum UndoRecord: Sendable, Codable, Equatable {
    /// There is nothing to put back.
    case nothing
    case startInstance(id: String)
    case resumeProcesses(group: String, processes: [String])
    case registerTargets([RegisteredTarget])

    /// One registration of an instance in a target group, as it was.
    package struct RegisteredTarget: Sendable, Codable, Equatable {
        package var targetGroupArn: String
        package var id: String
        package var port: Int?
        package var zone: String?

        package init(targetGroupArn: String, id: String, port: Int?, zone: String?) {
            self.targetGroupArn = targetGroupArn
            self.id = id
            self.port = port
            self.zone = zone
        }
    }
}

/// What is known of an injection; written by its reconciler only.
package struct InjectionStatus: Sendable, Codable, Equatable {
    package var state: InjectionState
    /// The boot whose monotonic clock the instants below are of.
    package var bootID: String?
    package var undo: UndoRecord?
    /// Counts reservations; an executor with an older token must not act.
    package var fencingToken: Int64?
    /// How often the call was made, as far as is known.
    package var attempts: Int
    package var callBegan: MonotonicInstant?
    package var acceptedAt: MonotonicInstant?
    /// When the effect was there: the bounds, of the run's clock.
    package var effectiveLow: MonotonicInstant?
    package var effectiveHigh: MonotonicInstant?
    package var revertBegan: MonotonicInstant?
    package var revertedAt: MonotonicInstant?
    /// What was seen, in order, each with what showed it.
    package var evidence: [String]
    package var message: String?
    /// The AWS request id of the acting call, to be found again in CloudTrail.
    package var requestID: String?

    package init(state: InjectionState) {
        self.state = state
        attempts = 0
        evidence = []
    }
}
