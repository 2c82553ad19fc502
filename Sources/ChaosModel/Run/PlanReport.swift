// SPDX-License-Identifier: Apache-2.0

/// What a run would do, or does: the targets, every guard with its result, the undo, the permissions, and a hash over
/// it.
package struct PlanReport: Sendable, Codable, Equatable {
    /// SHA-256, hex, over the faults, the chosen targets, the limits and the undo steps.
    package var hash: String
    package var seed: UInt64
    package var steps: [PlanStep]
    package var guards: [GuardResult]
    /// How many instances each filter took away, for every fault.
    package var selections: [SelectionReport]
    /// The IAM actions that the whole run needs, sorted.
    package var iamActions: [String]
    /// The opt-in tags that the targets had to carry, by the policies in force.
    package var optIns: [OptInSpec]?

    package init(
        hash: String, seed: UInt64, steps: [PlanStep], guards: [GuardResult], selections: [SelectionReport],
        iamActions: [String]
    ) {
        self.hash = hash
        self.seed = seed
        self.steps = steps
        self.guards = guards
        self.selections = selections
        self.iamActions = iamActions
    }
}

/// One fault on one target.
package struct PlanStep: Sendable, Codable, Equatable {
    package var fault: String
    package var action: String
    package var target: PlannedTarget
    /// The call that will be made, in words an operator can check.
    package var call: String
    /// How it is undone; nil when it cannot be.
    package var undo: String?
    package var after: String?

    package init(
        fault: String, action: String, target: PlannedTarget, call: String, undo: String?, after: String? = nil
    ) {
        self.fault = fault
        self.action = action
        self.target = target
        self.call = call
        self.undo = undo
        self.after = after
    }
}

/// A chosen target, with the facts that it was chosen by.
package struct PlannedTarget: Sendable, Codable, Hashable {
    /// The instance id or group name.
    package var id: String
    package var account: String
    package var region: String
    package var zone: String?
    package var autoScalingGroup: String?
    package var targetGroupArns: [String]
    package var launchedAt: Timestamp?
    package var name: String?

    package init(
        id: String, account: String, region: String, zone: String? = nil, autoScalingGroup: String? = nil,
        targetGroupArns: [String] = [], launchedAt: Timestamp? = nil, name: String? = nil
    ) {
        self.id = id
        self.account = account
        self.region = region
        self.zone = zone
        self.autoScalingGroup = autoScalingGroup
        self.targetGroupArns = targetGroupArns
        self.launchedAt = launchedAt
        self.name = name
    }
}

/// One guard and what it found.
package struct GuardResult: Sendable, Codable, Equatable {
    /// A stable word: maxTargets, minHealthy, lastHealthy, ownInstance, optIn, deny, permission, gate, policy, …
    package var name: String
    package var passed: Bool
    package var message: String

    package init(name: String, passed: Bool, message: String) {
        self.name = name
        self.passed = passed
        self.message = message
    }
}

/// How the choice for one fault came about.
package struct SelectionReport: Sendable, Codable, Equatable {
    /// One filter and how many it took away.
    package struct Filter: Sendable, Codable, Equatable {
        package var name: String
        package var removed: Int
        /// Up to five of the removed, so that the operator can look at one.
        package var examples: [String]

        package init(name: String, removed: Int, examples: [String]) {
            self.name = name
            self.removed = removed
            self.examples = examples
        }
    }

    package var fault: String
    package var found: Int
    package var filters: [Filter]
    package var eligible: Int
    package var chosen: [String]

    package init(fault: String, found: Int, filters: [Filter], eligible: Int, chosen: [String]) {
        self.fault = fault
        self.found = found
        self.filters = filters
        self.eligible = eligible
        self.chosen = chosen
    }
}
