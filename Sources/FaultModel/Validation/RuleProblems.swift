// SPDX-License-Identifier: Apache-2.0

/// Gathers problems of how fields fit together. Every rule is quiet about fields that are missing or of the wrong type,
/// which the schema has reported.
package struct RuleProblems {
    package private(set) var problems: [Problem] = []

    package init() {}

    package mutating func report(_ path: String, _ message: String, _ node: ManifestNode?, hint: String? = nil) {
        problems.append(
            Problem(
                path: path, message: message, value: node?.written, position: node?.position ?? .unknown, hint: hint))
    }

    package mutating func add(_ problem: Problem) { problems.append(problem) }

    /// Names that stand twice in a list of named things.
    package mutating func checkNames(_ list: ManifestNode?, path: String) {
        var seen: [String: Int] = [:]
        for (index, item) in (list?.items ?? []).enumerated() {
            guard let node = item["name"], let name = node.text else { continue }
            if let first = seen[name] {
                report("\(path)[\(index)].name", "written twice; first at \(path)[\(first)].name", node)
            }
            seen[name] = seen[name] ?? index
        }
    }

    /// A reference by name to something in a list.
    package mutating func checkReference(_ node: ManifestNode?, path: String, to names: [String], called: String) {
        guard let node, let name = node.text, !names.contains(name) else { return }
        let near = NearMiss.nearest(to: name, in: names).map { "; did you mean \($0)?" }
        let known = names.isEmpty ? "" : "; there are: \(names.joined(separator: ", "))"
        report(path, "names no \(called)\(near ?? known)", node)
    }
}
