// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// Brings a resource to what a manifest says, as `kubectl apply` does on the client's side: the spec is the manifest's;
/// labels and annotations that the manifest before had and this one has not are taken away; those that others set
/// stay. What the manifest said last is kept in kubectl's own annotation, so that both tools may take turns.
/// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/
struct Applying {
    enum Outcome: String {
        case created, configured, unchanged
    }

    static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    var backend: any Backend
    var dryRun = false

    /// What came of it, and the resource as it is now.
    func apply<R: Resource>(_ manifest: R) async throws -> (Outcome, R) {
        for _ in 0..<10 {
            do { return try await once(manifest) } catch is BackendConflict {}
        }
        return try await once(manifest)
    }

    private func once<R: Resource>(_ manifest: R) async throws -> (Outcome, R) {
        var wanted = manifest
        wanted.status = nil
        if R.kind.isNamespaced, wanted.metadata.namespace == nil { wanted.metadata.namespace = "default" }
        let key = wanted.key
        let record = try ManifestWriter.compactJSON(wanted) + "\n"
        guard let kept = try await backend.get(R.self, namespace: key.namespace, name: key.name) else {
            wanted.metadata.annotations = (wanted.metadata.annotations ?? [:]).merging([Self.lastApplied: record]) {
                $1
            }
            return (.created, try await backend.create(wanted, dryRun: dryRun))
        }
        let merged = try Self.merged(wanted, into: kept, record: record)
        if merged.spec == kept.spec, merged.metadata == kept.metadata { return (.unchanged, kept) }
        return (.configured, try await backend.update(merged, dryRun: dryRun))
    }

    /// The stored resource with what the manifest says. A version in the manifest is a condition.
    private static func merged<R: Resource>(_ wanted: R, into kept: R, record: String) throws -> R {
        if let version = wanted.metadata.resourceVersion, version != kept.metadata.resourceVersion {
            throw CommandFailure(
                .error, "\(wanted.key) is at version \(kept.metadata.resourceVersion ?? "none"), not \(version)",
                hint: "Take resourceVersion out of the manifest, or get it anew.")
        }
        var merged = kept
        merged.spec = wanted.spec
        let before = try lastMetadata(of: kept)
        let ours = wanted.metadata
        merged.metadata.labels = combined(ours.labels, last: before.labels, kept: kept.metadata.labels)
        var annotations = combined(ours.annotations, last: before.annotations, kept: kept.metadata.annotations) ?? [:]
        annotations[lastApplied] = record
        merged.metadata.annotations = annotations
        // What was not made by applying stays without the record while nothing else changes.
        if kept.metadata.annotations?[lastApplied] == nil, merged.spec == kept.spec {
            var plain = merged
            plain.metadata.annotations?[lastApplied] = nil
            if plain.metadata.annotations?.isEmpty == true { plain.metadata.annotations = kept.metadata.annotations }
            if plain.metadata == kept.metadata { return plain }
        }
        return merged
    }

    private static func combined(
        _ wanted: [String: String]?, last: [String: String], kept: [String: String]?
    ) -> [String: String]? {
        var result = (kept ?? [:]).filter { last[$0.key] == nil || wanted?[$0.key] != nil }
        for (key, value) in wanted ?? [:] { result[key] = value }
        return result.isEmpty ? (kept == nil ? nil : [:]) : result
    }

    /// The labels and annotations of the manifest that was applied last; none where that is not known.
    private static func lastMetadata<R: Resource>(
        of kept: R
    ) throws -> (labels: [String: String], annotations: [String: String]) {
        guard let record = kept.metadata.annotations?[lastApplied] else { return ([:], [:]) }
        // Another tool may have written it in another form; then nothing is known to be taken away.
        let tree = try? ConfigurationText.read(bytes: Array(record.utf8), file: "last applied")
        func texts(_ key: String) -> [String: String] {
            let entries = tree?["metadata"]?[key]?.entries ?? []
            return Dictionary(entries.map { ($0.key, $0.value.text ?? "") }, uniquingKeysWith: { $1 })
        }
        return (texts("labels"), texts("annotations"))
    }
}
