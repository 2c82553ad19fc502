// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Everything known of one resource as text: what every kind has, its fields, and what hangs on it.
package enum ResourcePage {
    private static let mostRuns = 10

    /// `runs` are those of the same experiment, the newest first.
    package static func lines(of resource: some Resource, runs: [Run], now: Timestamp) throws -> [StyledLine] {
        if let run = resource as? Run { return RunReportPage(run: run).lines }
        var parts = [head(resource, now: now)]
        parts.append(try section("Spec", resource.spec))
        if let status = resource.status { parts.append(try section("Status", status)) }
        if let injection = resource as? Injection { parts.append(evidence(injection)) }
        parts.append(history(runs, now: now))
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [StyledLine()]))
    }

    private static func head<R: Resource>(_ resource: R, now: Timestamp) -> [StyledLine] {
        let metadata = resource.metadata
        var lines = [StyledLine([Span(R.kind.rawValue + " ", .dim), Span(metadata.name, .strong)])]
        func add(_ label: String, _ text: String?) {
            if let text { lines.append(Field.line(label, StyledLine(text))) }
        }
        add("namespace", R.kind.isNamespaced ? metadata.namespace ?? "default" : nil)
        add("labels", joined(metadata.labels))
        add("annotations", joined(metadata.annotations?.filter { $0.key != Applying.lastApplied }))
        if let created = metadata.creationTimestamp {
            add("created", "\(Measures.moment(created)), \(Measures.age(now.since(created))) ago")
        }
        if let deleted = metadata.deletionTimestamp {
            lines.append(Field.line("being deleted", StyledLine("since \(Measures.moment(deleted))", .warning)))
        }
        add("finalizers", metadata.finalizers.map { $0.joined(separator: ", ") })
        add(
            "owned by",
            metadata.ownerReferences.map { $0.map { "\($0.kind.rawValue)/\($0.name)" }.joined(separator: ", ") })
        add("generation", metadata.generation.map(String.init))
        add("version", metadata.resourceVersion)
        return lines
    }

    private static func joined(_ texts: [String: String]?) -> String? {
        guard let texts, !texts.isEmpty else { return nil }
        return texts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }

    /// The fields as they are written in a manifest.
    private static func section(_ title: String, _ value: some Encodable) throws -> [StyledLine] {
        let text = try ManifestWriter.yaml(value: value)
        let rows = text.split(separator: "\n")
        if rows == ["{}"] { return [] }
        return [StyledLine(title, .strong)] + rows.map { StyledLine("  " + $0) }
    }

    private static func evidence(_ injection: Injection) -> [StyledLine] {
        guard let status = injection.status else { return [] }
        let tone = InjectionTone.of(status.state)
        let over = status.state.isFinal ? "nothing more will happen to it" : "it is not over"
        return [StyledLine([Span(status.state.rawValue, tone), Span(": \(over)")])]
    }

    private static func history(_ runs: [Run], now: Timestamp) -> [StyledLine] {
        guard !runs.isEmpty else { return [] }
        let table = RunTable.table(
            Array(runs.prefix(mostRuns)), now: now, isWide: false, showsNamespace: false)
        var lines = [StyledLine("Runs", .strong)] + table.lines(indent: 2)
        if runs.count > mostRuns { lines.append(StyledLine("  and \(runs.count - mostRuns) older ones", .dim)) }
        return lines
    }
}
