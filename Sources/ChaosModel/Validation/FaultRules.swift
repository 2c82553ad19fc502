// SPDX-License-Identifier: Apache-2.0

/// How the fields of one fault fit together.
extension RuleProblems {
    /// What a fault does, as its tree says it.
    private struct Harm {
        var service: String
        var action: String
        var isReverted: Bool { ["ec2.stop", "autoScaling.suspendProcesses", "elb.deregister"].contains(name) }
        var targetsGroup: Bool { name == "autoScaling.suspendProcesses" }
        var name: String { "\(service).\(action)" }
    }

    mutating func checkFault(_ fault: ManifestNode, path: String) {
        checkTargets(fault["targets"], path: "\(path).targets")
        checkPick(fault["targets"], path: "\(path).targets")
        guard let harm = harm(of: fault), PolicySchema.faultNames.contains(harm.name) else { return }
        checkDuration(fault, harm, path: path)
        checkAutoScaling(fault["autoScaling"], harm, path: "\(path).autoScaling")
        checkSelector(fault, harm, path: "\(path).targets")
    }

    private func harm(of fault: ManifestNode) -> Harm? {
        let services = FaultAction.keys.filter { fault[$0] != nil }
        guard services.count == 1, let action = fault[services[0]]?["action"]?.text else { return nil }
        return Harm(service: services[0], action: action)
    }

    private mutating func checkDuration(_ fault: ManifestNode, _ harm: Harm, path: String) {
        let duration = fault["duration"]
        if harm.isReverted, duration == nil {
            report(
                "\(path).duration", "missing; \(harm.name) is reverted, so write how long it is held", nil, at: fault,
                hint: "for example `duration: 60s`")
        }
        if !harm.isReverted, duration != nil {
            report("\(path).duration", "\(harm.name) cannot be reverted, so it has no duration", duration)
        }
    }

    private mutating func checkAutoScaling(_ node: ManifestNode?, _ harm: Harm, path: String) {
        guard let node else { return }
        if harm.targetsGroup {
            if node["processes"] == nil {
                report(
                    "\(path).processes", "missing; suspendProcesses needs the processes to suspend", nil, at: node,
                    hint: "for example `processes: [Launch]`")
            }
            if let decrement = node["decrementDesiredCapacity"] {
                report("\(path).decrementDesiredCapacity", "belongs to terminate and detach only", decrement)
            }
        } else if let processes = node["processes"] {
            report("\(path).processes", "belongs to suspendProcesses only", processes)
        }
    }

    private mutating func checkSelector(_ fault: ManifestNode, _ harm: Harm, path: String) {
        let targets = fault["targets"]
        if harm.targetsGroup, let instances = targets?["instances"] {
            report(
                "\(path).instances", "\(harm.name) acts on a group; write targets.autoScalingGroup instead", instances)
        }
        if !harm.targetsGroup, let group = targets?["autoScalingGroup"] {
            report(
                "\(path).autoScalingGroup",
                "\(harm.name) acts on instances; write targets.instances with autoScalingGroup inside", group)
        }
        guard let instances = targets?["instances"] else { return }
        if harm.service == "elb", instances["targetGroup"] == nil {
            report(
                "\(path).instances.targetGroup",
                "missing; \(harm.name) needs the target group to take instances out of", nil, at: instances)
        }
        if harm.name != "ec2.terminate", let states = instances["states"],
            states.items?.contains(where: { $0.text == "stopped" }) == true
        {
            report("\(path).instances.states", "\(harm.name) takes running instances only", states)
        }
    }

    // MARK: Targets

    private mutating func checkTargets(_ targets: ManifestNode?, path: String) {
        guard let instances = targets?["instances"] else { return }
        let region = instances["region"]
        checkRegion(of: instances["targetGroup"], is: region, path: "\(path).instances.region")
        for (index, zone) in (instances["zones"]?.items ?? []).enumerated() {
            guard let name = zone.text, let region = region?.text, TextRule.zone.matches(name), !name.hasPrefix(region)
            else { continue }
            report("\(path).instances.zones[\(index)]", "does not lie in the region \(region)", zone)
        }
    }

    private mutating func checkPick(_ targets: ManifestNode?, path: String) {
        guard let targets, targets.entries != nil else { return }
        let pick = targets["pick"]
        if targets["instances"] != nil, pick == nil {
            report(
                "\(path).pick", "missing; write how many of the instances are taken", nil, at: targets,
                hint: "for example `pick: { count: 1 }`")
        }
        if targets["autoScalingGroup"] != nil, targets["instances"] == nil, pick != nil {
            report("\(path).pick", "autoScalingGroup names one target; there is nothing to pick", pick)
        }
        guard let pick else { return }
        let counts = pick["percent"] == nil && pick["all"] == nil
        if counts, let atMost = pick["atMost"] {
            report("\(path).pick.atMost", "belongs to percent and all; the others say how many themselves", atMost)
        }
        if pick["oldest"] != nil || pick["newest"] != nil, let spread = pick["spread"] {
            report("\(path).pick.spread", "cannot stand with oldest or newest, which say which ones", spread)
        }
        if let ids = targets["instances"]?["ids"]?.items {
            for name in ["count", "oldest", "newest"] {
                guard let number = pick[name]?.integer, number > ids.count else { continue }
                report("\(path).pick.\(name)", "more than the \(ids.count) ids that are written", pick[name])
            }
        }
    }

    private mutating func report(
        _ path: String, _ message: String, _ node: ManifestNode?, at place: ManifestNode, hint: String? = nil
    ) {
        add(Problem(path: path, message: message, position: place.position, hint: hint))
    }
}
