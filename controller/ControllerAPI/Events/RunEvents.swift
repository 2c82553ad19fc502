// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// What happened in a run, as Events of Kubernetes: `kubectl describe` and `kubectl get events` show them. They are
/// computed from the run's timeline and never stored.
enum RunEvents {
    /// One event for each entry, in their order.
    static func events(of run: Run) -> [ManifestNode] {
        (run.status?.timeline ?? []).enumerated().map { event(run, $0.offset, $0.element) }
    }

    /// The same of a stored run. Throws an internal error when what is stored is none.
    static func events(in document: StoredDocument) throws(StatusError) -> [ManifestNode] {
        do {
            guard case .run(let run) = try JSONDocument.resource(.run, document.json) else { return [] }
            return events(of: run)
        } catch {
            throw .internalError("the store holds \(document.key) in a form that cannot be read")
        }
    }

    private static let warnings: Set<String> = [
        "outageBegan", "revertFailed", "undoFailed", "abort", "aborted", "stopped", "refused", "gap",
    ]

    private static func event(_ run: Run, _ index: Int, _ entry: TimelineEvent) -> ManifestNode {
        let metadata = run.metadata
        let namespace = metadata.namespace ?? NamespaceRules.permanent
        let at = ManifestNode.text(seconds(entry.at))
        let subject = entry.subject.map { $0 + ": " } ?? ""
        let number = String(String(index + 1_000_000).dropFirst())
        return .map([
            "kind": .text("Event"), "apiVersion": .text("v1"),
            "metadata": .map([
                "name": .text("\(metadata.name).\(number)"), "namespace": .text(namespace),
                "uid": .text("\(metadata.uid ?? "")-\(number)"),
                "resourceVersion": .text(metadata.resourceVersion ?? ""), "creationTimestamp": at,
            ]),
            "involvedObject": .map([
                "kind": .text("Run"), "apiVersion": .text(reboundAPIVersion), "namespace": .text(namespace),
                "name": .text(metadata.name), "uid": .text(metadata.uid ?? ""),
            ]),
            "reason": .text(entry.type.prefix(1).uppercased() + entry.type.dropFirst()),
            "message": .text(subject + entry.message),
            "source": .map(["component": .text("rebound-controller")]),
            "type": .text(warnings.contains(entry.type) ? "Warning" : "Normal"),
            "firstTimestamp": at, "lastTimestamp": at, "count": .number(1), "eventTime": .null,
            "reportingComponent": .text("rebound-controller"), "reportingInstance": .text(""),
        ])
    }

    /// Kubernetes's `Time` has whole seconds.
    private static func seconds(_ time: Timestamp) -> String { String(time.description.prefix(19)) + "Z" }

    static let selectable = [
        "metadata.name", "metadata.namespace", "involvedObject.kind", "involvedObject.name",
        "involvedObject.namespace", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.fieldPath",
        "involvedObject.resourceVersion", "reason", "type", "reportingComponent", "source",
    ]
}
