// SPDX-License-Identifier: Apache-2.0

/// All checks of one document: its kind, its fields, and how they fit together.
enum ResourceCheck {
    static func problems(in tree: ManifestNode, zones: TimeZoneNames) -> [Problem] {
        guard tree.entries != nil else {
            return [
                Problem(path: "", message: "a manifest is a mapping, not \(tree.kindOfValue)", position: tree.position)
            ]
        }
        guard let kind = tree["kind"]?.text.flatMap(ResourceKind.init(rawValue:)) else {
            return [unknownKind(in: tree)]
        }
        var check = SchemaCheck(zones: zones)
        check.check(tree, against: ResourceSchema.schema(for: kind), path: "")
        var rules = RuleProblems()
        switch kind {
        case .experiment: rules.checkExperiment(tree["spec"], path: "spec")
        case .run: rules.checkExperiment(tree["spec"]?["plan"], path: "spec.plan")
        case .schedule: rules.checkSchedule(tree["spec"], path: "spec")
        case .policy: rules.checkPolicy(tree)
        case .injection, .host, .namespace, .roleBinding, .clusterRoleBinding: break
        }
        if !kind.isNamespaced, let namespace = tree["metadata"]?["namespace"] {
            rules.report(
                "metadata.namespace", "a \(kind.rawValue) stands above all namespaces and is in none", namespace)
        }
        return check.problems + rules.problems
    }

    private static func unknownKind(in tree: ManifestNode) -> Problem {
        let kinds = ResourceKind.allCases.map(\.rawValue)
        let list = kinds.joined(separator: ", ")
        guard let node = tree["kind"] else {
            return Problem(path: "kind", message: "missing; one of \(list)", position: tree.position)
        }
        let near = node.text.flatMap { NearMiss.nearest(to: $0, in: kinds) }.map { "; did you mean \($0)?" } ?? ""
        return Problem(
            path: "kind", message: "must be one of \(list)\(near)", value: node.written, position: node.position)
    }

    /// Documents of one text that would be the same resource.
    static func duplicates(among trees: [ManifestNode]) -> [Problem] {
        var seen: [ResourceKey: ManifestPosition] = [:]
        return trees.compactMap { tree in
            guard let kind = tree["kind"]?.text.flatMap(ResourceKind.init(rawValue:)),
                let name = tree["metadata"]?["name"], let text = name.text
            else { return nil }
            let namespace = tree["metadata"]?["namespace"]?.text ?? "default"
            let key = ResourceKey(kind: kind, namespace: namespace, name: text)
            if let first = seen[key] {
                return Problem(
                    path: "metadata.name", message: "\(key) stands twice in this text; first on line \(first.line)",
                    value: name.written, position: name.position)
            }
            seen[key] = name.position
            return nil
        }
    }
}
