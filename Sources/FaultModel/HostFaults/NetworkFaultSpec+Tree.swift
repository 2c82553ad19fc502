// SPDX-License-Identifier: Apache-2.0

extension NetworkFaultSpec {
    /// As a document has it.
    package var tree: ManifestNode {
        var entries: [(String, ManifestNode.Content)] = []
        func add(_ name: String, _ content: ManifestNode.Content?) {
            if let content { entries.append((name, content)) }
        }
        add("interface", interface.map { .text($0) })
        add("delay", delay.map(Self.written))
        add("jitter", jitter.map(Self.written))
        add("correlation", correlation.map { .number("\($0)") })
        add("distribution", distribution.map { .text($0.rawValue) })
        add("loss", loss.map { .number("\($0)") })
        add("duplicate", duplicate.map { .number("\($0)") })
        add("corrupt", corrupt.map { .number("\($0)") })
        add("reorder", reorder.map { .number("\($0)") })
        add("rateKilobitsPerSecond", rateKilobitsPerSecond.map { .number("\($0)") })
        add("blackhole", blackhole ? .boolean(true) : nil)
        add("to", to.isEmpty ? nil : .sequence(to.map(\.tree)))
        return .object(entries)
    }

    private static func written(_ duration: Duration) -> ManifestNode.Content {
        .text(WrittenDuration(duration).description)
    }

    /// From a tree that was not checked. Nil when it is no network fault.
    package init?(unchecked node: ManifestNode) {
        var check = SchemaCheck()
        check.check(node, against: Self.schema, path: "")
        var rules = RuleProblems()
        Self.check(node, path: "", &rules)
        guard check.problems.isEmpty, rules.problems.isEmpty else { return nil }
        self.init(node)
    }
}

extension NetworkFaultSpec.Destination {
    fileprivate var tree: ManifestNode {
        var entries: [(String, ManifestNode.Content)] = []
        if let cidr { entries.append(("cidr", .text(cidr))) }
        if !ports.isEmpty {
            let items = ports.map { range in
                ManifestNode(
                    range.count == 1
                        ? .number("\(range.lowerBound)") : .text("\(range.lowerBound)-\(range.upperBound)"))
            }
            entries.append(("ports", .sequence(items)))
        }
        if let transport { entries.append(("protocol", .text(transport.rawValue))) }
        return .object(entries)
    }
}
