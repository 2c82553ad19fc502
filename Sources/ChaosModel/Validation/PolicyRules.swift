// SPDX-License-Identifier: Apache-2.0

/// How the fields of policies fit together.
extension RuleProblems {
    mutating func checkPolicy(_ policy: ManifestNode) {
        let spec = policy["spec"]
        for (index, freeze) in (spec?["freezes"]?.items ?? []).enumerated() {
            checkFreeze(freeze, path: "spec.freezes[\(index)]")
        }
        for (least, most) in Self.nested {
            guard let low = spec?[least]?.integer, let node = spec?[most], let high = node.integer, low > high else {
                continue
            }
            report("spec.\(most)", "must not be below \(least), which is \(low)", node)
        }
    }

    /// The second of each pair counts everything that the first counts, so a smaller one makes the first say nothing.
    private static let nested = [
        ("maxTargetsPerRun", "maxTargetsPerDay"), ("maxTargetsPerGroup", "maxTargetsPerGroupPerDay"),
        ("maxTargetsPerGroupPerDay", "maxTargetsPerDay"),
    ]

    private mutating func checkFreeze(_ freeze: ManifestNode, path: String) {
        if let from = freeze["from"]?.text.flatMap({ Timestamp($0) }), let until = freeze["until"],
            let end = until.text.flatMap({ Timestamp($0) }), end <= from
        {
            report("\(path).until", "must be later than from", until)
        }
        if let from = freeze["weekly"]?["from"]?.text, let to = freeze["weekly"]?["to"], to.text == from {
            report("\(path).weekly.to", "is the same as from, so nothing is frozen", to)
        }
    }
}
