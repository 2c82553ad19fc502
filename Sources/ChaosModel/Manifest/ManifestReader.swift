// SPDX-License-Identifier: Apache-2.0

/// One resource that was read and checked.
package enum ManifestDocument: Sendable, Equatable {
    case experiment(Experiment)
    case run(Run)
    case injection(Injection)
    case schedule(Schedule)
    case policy(Policy)
    case host(Host)
    case namespace(Namespace)
    case roleBinding(RoleBinding)
    case clusterRoleBinding(ClusterRoleBinding)

    /// What names it; a missing namespace is `default`.
    package var key: ResourceKey { resource.key }

    /// The resource, of whatever kind it is.
    package var resource: any Resource {
        switch self {
        case .experiment(let resource): resource
        case .run(let resource): resource
        case .injection(let resource): resource
        case .schedule(let resource): resource
        case .policy(let resource): resource
        case .host(let resource): resource
        case .namespace(let resource): resource
        case .roleBinding(let resource): resource
        case .clusterRoleBinding(let resource): resource
        }
    }
}

/// Reads manifests: YAML, or JSON when the text begins with `{`; one or several documents.
package enum ManifestReader {
    /// The resources of a text, all of them checked, in the order written.
    ///
    /// Throws every problem of the text at once. `file` names it in messages; `-` is standard input.
    package static func read(
        _ text: String, file: String = "-", zones: TimeZoneNames = .unchecked
    ) throws(ValidationFailure) -> [ManifestDocument] {
        let (trees, reading) = self.trees(of: text)
        var problems = reading
        var documents: [ManifestDocument] = []
        for tree in trees {
            let found = ResourceCheck.problems(in: tree, zones: zones)
            problems += found
            guard found.isEmpty, reading.isEmpty else { continue }
            switch ManifestDecoder.document(from: tree) {
            case .success(let document): documents.append(document)
            case .failure(let failure): problems += failure.problems
            }
        }
        problems += ResourceCheck.duplicates(among: trees)
        if trees.isEmpty, problems.isEmpty {
            problems.append(
                Problem(path: "", message: "nothing to read", hint: "write a manifest with apiVersion and kind"))
        }
        if !problems.isEmpty { throw ValidationFailure(problems: bounded(problems), file: file) }
        return documents
    }

    /// The same for the bytes of a file; they must be UTF-8.
    package static func read(
        bytes: [UInt8], file: String = "-", zones: TimeZoneNames = .unchecked
    ) throws(ValidationFailure) -> [ManifestDocument] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationFailure(problems: [Problem(path: "", message: "the text is not UTF-8")], file: file)
        }
        return try read(text, file: file, zones: zones)
    }

    /// The resource of a tree, checked as `read` checks it. Throws every problem at once.
    package static func document(
        from tree: ManifestNode, zones: TimeZoneNames
    ) throws(ValidationFailure) -> ManifestDocument {
        let problems = ResourceCheck.problems(in: tree, zones: zones)
        if !problems.isEmpty { throw ValidationFailure(problems: bounded(problems), file: "-") }
        return try ManifestDecoder.document(from: tree).get()
    }

    /// The trees of a text, not checked against any schema, and what is wrong with the text itself.
    static func trees(of text: String) -> (trees: [ManifestNode], problems: [Problem]) {
        if let problem = TextBounds.problem(in: text) { return ([], [problem]) }
        let first = text.utf8.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        if first == UInt8(ascii: "{") {
            let (documents, problems) = JSONReader.read(text)
            return (documents, problems)
        }
        let (documents, problems) = YAMLReader.read(text, knownKeys: ResourceSchema.knownKeys)
        return (documents, problems)
    }

    private static func bounded(_ problems: [Problem]) -> [Problem] {
        guard problems.count > ManifestLimits.problems else { return problems }
        let rest = problems.count - ManifestLimits.problems
        let note = Problem(
            path: "", message: "and \(rest) more problems")
        return Array(problems.prefix(ManifestLimits.problems)) + [note]
    }
}
