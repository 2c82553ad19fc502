// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The least that an identity must be allowed so that a plan can be carried out, as an IAM policy document (grammar:
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
///
/// Reading calls take `*`, as EC2, Auto Scaling and ELB know no narrower resource for them. Acting calls are held to
/// the accounts and regions, groups, target groups, topics and functions of the plan; one that the plan makes of
/// nothing is left out, as it needs no permission. Which instance is chosen differs from run to run, so instances are
/// not listed one by one.
package struct IAMPolicy: Encodable, Equatable {
    package struct Statement: Encodable, Equatable {
        package var sid: String
        package var effect = "Allow"
        package var action: [String]
        package var resource: [String]

        private enum CodingKeys: String, CodingKey {
            case sid = "Sid"
            case effect = "Effect"
            case action = "Action"
            case resource = "Resource"
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
        var byResource: [[String]: [String]] = [:]
        for action in actions where !Self.reads(action) {
            let arns = Set(resources.arns(for: action)).sorted()
            if !arns.isEmpty { byResource[arns, default: []].append(action) }
        }
        for (resource, action) in byResource.sorted(by: { $0.value[0] < $1.value[0] }) {
            statement.append(Statement(sid: Self.sid(of: action[0]), action: action, resource: resource))
        }
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
