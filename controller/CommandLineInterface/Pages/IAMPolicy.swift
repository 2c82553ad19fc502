// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The least that an identity must be allowed so that a plan can be carried out, as an IAM policy document (grammar:
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
///
/// Reading calls take `*`, as EC2, Auto Scaling and ELB know no narrower resource for them. Acting calls are held to
/// the accounts and regions, groups, target groups, topics and functions of the plan; one that the plan makes of
/// nothing is left out, as it needs no permission. Which instance is chosen differs from run to run, so instances are
/// not listed one by one: they are held to the opt-in tags that the guards ask for. Which condition keys an action
/// knows: the Service Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/reference/),
/// pages list_amazonec2, list_amazonec2autoscaling and list_awselasticloadbalancingv2.
///
/// A tag that is taken away while a fault is in place must not keep it there. So an instance that carries the mark of a
/// run may be started without the opt-in tag, and what a group had suspended may be resumed.
package struct IAMPolicy: Encodable, Equatable {
    package struct Statement: Encodable, Equatable {
        package var sid: String
        package var effect = "Allow"
        package var action: [String]
        package var resource: [String]
        /// Operator, condition key, values.
        package var condition: [String: [String: [String]]]?

        private enum CodingKeys: String, CodingKey {
            case sid = "Sid"
            case effect = "Effect"
            case action = "Action"
            case resource = "Resource"
            case condition = "Condition"
        }
    }

    package var version = "2012-10-17"
    package var statement: [Statement]

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case statement = "Statement"
    }

    package init(plan: PlanReport, experiment: Experiment) {
        let actions = Set(plan.iamActions).sorted()
        let resources = PolicyResources(plan: plan, experiment: experiment)
        let reading = actions.filter(Self.reads)
        statement = reading.isEmpty ? [] : [Statement(sid: "ReboundReads", action: reading, resource: ["*"])]
        let conditions = PolicyConditions(optIns: plan.optIns ?? [])
        for action in actions where !Self.reads(action) {
            let arns = Set(resources.arns(for: action)).sorted()
            if !arns.isEmpty { allow(action, on: arns, if: conditions.needed(for: action)) }
        }
        if actions.contains("ec2:StartInstances") {
            let arns = Set(resources.arns(for: "ec2:StartInstances")).sorted()
            if !arns.isEmpty, conditions.areNeeded { allow("ec2:StartInstances", on: arns, if: conditions.marked) }
        }
        nameStatements()
    }

    /// Joins a statement about the same, if there is one.
    private mutating func allow(_ action: String, on resource: [String], if condition: PolicyConditions.Condition?) {
        let same = statement.firstIndex { $0.resource == resource && $0.condition == condition }
        if let same { return statement[same].action.append(action) }
        statement.append(Statement(sid: "", action: [action], resource: resource, condition: condition))
    }

    /// A `Sid` is unique in its policy.
    private mutating func nameStatements() {
        var seen: [String: Int] = [:]
        for index in statement.indices where statement[index].sid.isEmpty {
            let name = Self.sid(of: statement[index].action[0])
            seen[name, default: 0] += 1
            statement[index].sid = seen[name] == 1 ? name : "\(name)\(seen[name] ?? 0)"
        }
    }

    /// What a reader must know of what the policy does not say.
    package static func notes(plan: PlanReport, experiment: Experiment) -> [String] {
        let acting = Set(IAMPolicy(plan: plan, experiment: experiment).statement.flatMap(\.action))
        var notes: [String] = []
        if let optIns = plan.optIns, optIns.isEmpty, acting.contains(where: PolicyConditions.knowsTags) {
            notes.append("No policy asks for an opt-in tag, so these permissions hold for every instance there.")
        } else if plan.optIns == nil {
            notes.append("The server that planned does not tell its opt-in tags, so no condition asks for them.")
        }
        if acting.contains(where: { $0.hasPrefix("elasticloadbalancing:") }) {
            notes.append(
                "Target groups are named one by one: Rebound asks instances to opt in, not target groups, and AWS does "
                    + "not tell one target of a group from another.")
        }
        if !acting.isDisjoint(with: PolicyConditions.byGroupName) {
            notes.append(
                "Auto Scaling groups are named one by one: AWS judges these calls by the group, and Rebound asks the "
                    + "instance to opt in.")
        }
        return notes
    }

    private static func reads(_ action: String) -> Bool {
        let name = action.split(separator: ":").last ?? ""
        return name.hasPrefix("Describe") || name.hasPrefix("Get") || name.hasPrefix("List")
    }

    /// A statement holds the acting calls of one service, as the resources differ between services.
    private static func sid(of action: String) -> String {
        let service = action.prefix { $0 != ":" }.filter { $0.isLetter || $0.isNumber }
        return "Rebound" + service.prefix(1).uppercased() + service.dropFirst()
    }
}

/// The conditions on tags, for the calls that AWS judges by the tags that Rebound looks at too.
private struct PolicyConditions {
    typealias Condition = [String: [String: [String]]]

    private static let onInstances: Set<String> = [
        "ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances",
    ]
    /// AWS judges these by the group's tags, and Rebound by the instance's: a condition would refuse a sound plan.
    static let byGroupName: Set<String> = [
        "autoscaling:DetachInstances", "autoscaling:TerminateInstanceInAutoScalingGroup",
    ]
    /// The tags that Rebound puts on an instance before it acts.
    private static let marks = ["rebound:experiment", "rebound:injection", "rebound:requested-by", "rebound:run"]

    let optIns: [OptInSpec]

    var areNeeded: Bool { !optIns.isEmpty }

    /// An instance that a run has marked, whatever its other tags.
    var marked: Condition { ["Null": ["aws:ResourceTag/rebound:run": ["false"]]] }

    static func knowsTags(_ action: String) -> Bool {
        onInstances.contains(action) || action == "ec2:CreateTags" || action == "autoscaling:SuspendProcesses"
    }

    func needed(for action: String) -> Condition? {
        guard Self.knowsTags(action) else { return nil }
        var condition: Condition = [:]
        for optIn in optIns { condition["StringEquals", default: [:]]["aws:ResourceTag/\(optIn.tag)"] = [optIn.value] }
        if action == "ec2:CreateTags" { condition["ForAllValues:StringEquals"] = ["aws:TagKeys": Self.marks] }
        return condition.isEmpty ? nil : condition
    }
}

/// The ARNs that acting calls of a plan are about.
private struct PolicyResources {
    private var places: [(partition: String, region: String, account: String)]
    private var groups: [String: [String]] = [:]
    private var targetGroups: [String]
    private var topics: [String] = []
    private var functions: [LambdaReportSpec] = []
    private var roles: [String] = []

    init(plan: PlanReport, experiment: Experiment) {
        let targets = plan.steps.map(\.target)
        let sites = Set(targets.map { [Self.partition(of: $0.region), $0.region, $0.account] })
        places = sites.sorted { $0.lexicographicallyPrecedes($1) }.map { ($0[0], $0[1], $0[2]) }
        targetGroups = Set(targets.flatMap(\.targetGroupArns)).sorted()
        for step in plan.steps where step.action.hasPrefix("autoScaling.") {
            let name = step.target.autoScalingGroup ?? step.target.id
            groups[step.target.region + "|" + step.target.account, default: []].append(name)
        }
        for report in experiment.spec.reports ?? [] {
            switch report.destination {
            case .sns(let topic): topics.append(topic.topicArn)
            case .lambda(let function): functions.append(function)
            case .webhook, .file: break
            }
        }
        roles = RoleList.arns(of: experiment)
    }

    func arns(for action: String) -> [String] {
        switch action {
        case "sns:Publish": return topics
        case "lambda:InvokeFunction": return functions.flatMap(arns)
        case "sts:AssumeRole": return roles
        case _ where action.hasPrefix("ec2:"):
            return places.map { "arn:\($0.partition):ec2:\($0.region):\($0.account):instance/*" }
        case _ where action.hasPrefix("autoscaling:"): return groupARNs
        case _ where action.hasPrefix("elasticloadbalancing:"): return targetGroups
        default: return ["*"]
        }
    }

    private var groupARNs: [String] {
        places.flatMap { place in
            Set(groups[place.region + "|" + place.account] ?? []).sorted().map { name in
                "arn:\(place.partition):autoscaling:\(place.region):\(place.account):autoScalingGroup:*:"
                    + "autoScalingGroupName/\(name)"
            }
        }
    }

    private func arns(of function: LambdaReportSpec) -> [String] {
        if function.function.hasPrefix("arn:") { return [function.function] }
        // Without a target nobody knows the account.
        let region = function.region ?? "*"
        let unknown = [(partition: Self.partition(of: region), region: region, account: "*")]
        return (places.isEmpty ? unknown : places).map { place in
            "arn:\(place.partition):lambda:\(function.region ?? place.region):\(place.account):function:"
                + function.function
        }
    }

    /// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    private static func partition(of region: String) -> String {
        if region.hasPrefix("cn-") { return "aws-cn" }
        return region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
    }
}

/// Every role that an experiment takes on.
private enum RoleList {
    static func arns(of experiment: Experiment) -> [String] {
        let spec = experiment.spec
        var roles: [AssumeRoleSpec?] = spec.faults.flatMap {
            [$0.targets.instances?.assumeRole, $0.targets.autoScalingGroup?.assumeRole]
        }
        roles += spec.steadyState.map { role(of: $0.kind) }
        roles += (spec.gates ?? []).map { gate in
            if case .probe(let kind) = gate.condition { role(of: kind) } else { nil }
        }
        roles += (spec.reports ?? []).map { report in
            switch report.destination {
            case .sns(let topic): topic.assumeRole
            case .lambda(let function): function.assumeRole
            case .webhook, .file: nil
            }
        }
        return roles.compactMap { $0?.roleArn }
    }

    private static func role(of kind: ProbeKind) -> AssumeRoleSpec? {
        switch kind {
        case .http, .tcp, .dns: nil
        case .autoScalingGroup(let probe): probe.assumeRole
        case .targetGroup(let probe): probe.assumeRole
        case .instanceState(let probe): probe.assumeRole
        case .cloudWatchAlarm(let probe): probe.assumeRole
        case .cloudWatchMetric(let probe): probe.assumeRole
        }
    }
}
