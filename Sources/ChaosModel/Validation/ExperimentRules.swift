// SPDX-License-Identifier: Apache-2.0

/// How the fields of an experiment fit together.
extension RuleProblems {
    mutating func checkExperiment(_ spec: ManifestNode?, path: String) {
        guard let spec else { return }
        for list in ["steadyState", "gates", "faults"] { checkNames(spec[list], path: "\(path).\(list)") }
        for (index, probe) in (spec["steadyState"]?.items ?? []).enumerated() {
            checkProbe(
                probe, path: "\(path).steadyState[\(index)]", giveUpAfter: spec["recovery"]?["giveUpAfter"]?.duration)
        }
        for (index, gate) in (spec["gates"]?.items ?? []).enumerated() {
            checkProbe(gate, path: "\(path).gates[\(index)]", giveUpAfter: nil)
        }
        for (index, fault) in (spec["faults"]?.items ?? []).enumerated() {
            checkFault(fault, path: "\(path).faults[\(index)]")
        }
        checkOrder(spec["faults"], path: "\(path).faults")
        checkTotals(spec, path: path)
        checkBaseline(spec["baseline"], path: "\(path).baseline")
        checkStopConditions(spec, path: path)
        checkRecovery(spec["recovery"], path: "\(path).recovery")
        for (index, report) in (spec["reports"]?.items ?? []).enumerated() {
            checkReport(report, path: "\(path).reports[\(index)]")
        }
    }

    // MARK: Order

    /// `after` names another fault, and following it comes to an end.
    private mutating func checkOrder(_ faults: ManifestNode?, path: String) {
        let items = faults?.items ?? []
        let names = items.compactMap { $0["name"]?.text }
        var next: [String: String] = [:]
        for item in items {
            guard let name = item["name"]?.text, let after = item["after"]?.text else { continue }
            next[name] = after
        }
        for (index, item) in items.enumerated() {
            let afterPath = "\(path)[\(index)].after"
            guard let node = item["after"], let after = node.text else { continue }
            guard let name = item["name"]?.text, after != name else {
                report(afterPath, "a fault cannot wait for itself", node)
                continue
            }
            checkReference(node, path: afterPath, to: names, called: "fault")
            if let loop = loop(from: name, next) {
                report(afterPath, "the faults wait for each other: \(loop.joined(separator: " after "))", node)
            }
        }
    }

    /// The names from `start` back to itself, when following `after` leads there.
    private func loop(from start: String, _ next: [String: String]) -> [String]? {
        var names = [start]
        var seen: Set<String> = [start]
        while let name = next[names[names.count - 1]] {
            names.append(name)
            if name == start { return names.count > 2 ? names : nil }
            if !seen.insert(name).inserted { return nil }
        }
        return nil
    }

    // MARK: Limits

    private mutating func checkTotals(_ spec: ManifestNode, path: String) {
        guard let limit = spec["limits"]?["maxTargets"], let most = limit.integer else { return }
        var total = 0
        var parts: [String] = []
        for (index, fault) in (spec["faults"]?.items ?? []).enumerated() {
            let pick = fault["targets"]?["pick"]
            if let atMost = pick?["atMost"]?.integer, atMost > most {
                report(
                    "\(path).faults[\(index)].targets.pick.atMost", "above limits.maxTargets, which is \(most)",
                    pick?["atMost"])
            }
            guard let taken = counted(fault), (0...1_000_000).contains(taken) else { continue }
            total += taken
            parts.append("\(fault["name"]?.text ?? "faults[\(index)]") takes \(taken)")
        }
        if total > most {
            report(
                "\(path).limits.maxTargets",
                "the faults take \(total) targets, more than the limit of \(most): \(parts.joined(separator: ", "))",
                limit)
        }
    }

    /// How many targets a fault takes at least; nil when the manifest does not say.
    private func counted(_ fault: ManifestNode) -> Int? {
        let targets = fault["targets"]
        if targets?["autoScalingGroup"] != nil { return 1 }
        guard let pick = targets?["pick"] else { return nil }
        if pick["percent"] != nil || pick["all"] != nil { return 1 }
        return pick["count"]?.integer ?? pick["oldest"]?.integer ?? pick["newest"]?.integer
    }

    // MARK: Time

    private mutating func checkBaseline(_ baseline: ManifestNode?, path: String) {
        guard let hold = baseline?["holdFor"]?.duration, let giveUp = baseline?["giveUpAfter"]?.duration else { return }
        if giveUp <= hold {
            report("\(path).giveUpAfter", "must be longer than holdFor", baseline?["giveUpAfter"])
        }
    }

    private mutating func checkStopConditions(_ spec: ManifestNode, path: String) {
        let names = (spec["steadyState"]?.items ?? []).compactMap { $0["name"]?.text }
        for (index, condition) in (spec["stopWhen"]?.items ?? []).enumerated() {
            checkReference(
                condition["probe"], path: "\(path).stopWhen[\(index)].probe", to: names, called: "probe of steadyState")
            if let failing = condition["failingFor"]?.duration, let giveUp = spec["recovery"]?["giveUpAfter"]?.duration,
                failing >= giveUp
            {
                report(
                    "\(path).stopWhen[\(index)].failingFor", "must be shorter than recovery.giveUpAfter",
                    condition["failingFor"])
            }
        }
    }

    private mutating func checkRecovery(_ recovery: ManifestNode?, path: String) {
        guard let recovery, let giveUp = recovery["giveUpAfter"]?.duration else { return }
        if let stable = recovery["stableFor"]?.duration, stable >= giveUp {
            report("\(path).stableFor", "must be shorter than giveUpAfter", recovery["stableFor"])
        }
        for name in ["timeToRecover", "timeToDetect", "downtime"] {
            let node = recovery["objective"]?[name]
            if let length = node?.duration, length > giveUp {
                report("\(path).objective.\(name)", "must not be longer than giveUpAfter, when watching ends", node)
            }
        }
    }

    // MARK: Reports

    private mutating func checkReport(_ node: ManifestNode, path: String) {
        if node["requiredBeforeInjecting"]?.boolean == true, let events = node["events"]?.items,
            !events.contains(where: { $0.text == ReportEventKind.aboutToInject.rawValue })
        {
            report(
                "\(path).requiredBeforeInjecting", "needs aboutToInject among the events",
                node["requiredBeforeInjecting"])
        }
        if let lambda = node["lambda"] {
            checkRegion(of: lambda["function"], is: lambda["region"], path: "\(path).lambda.region")
        }
    }

    /// An ARN that lies in another region than the one written beside it.
    mutating func checkRegion(of arn: ManifestNode?, is region: ManifestNode?, path: String) {
        guard let text = arn?.text, let arn = ARN(text), let region, let name = region.text, arn.region != name else {
            return
        }
        report(path, "is not the region of the ARN, \(arn.region)", region)
    }
}
