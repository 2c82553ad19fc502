// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

extension ReportPayload {
    /// The payload of one event of a run. `status` is the run's newest, where `run` may carry an older one.
    package init(
        _ event: ReportEventKind, id: String, sequence: Int64, at: Timestamp, run: Run, injection: Injection?,
        status: RunStatus?
    ) {
        let status = status ?? run.status
        self.id = id
        self.sequence = sequence
        self.event = event
        self.at = at
        severity = Self.severity(event, status)
        experiment = run.spec.experiment
        hypothesis = run.spec.plan.hypothesis
        self.run = RunReference(
            name: run.metadata.name, namespace: run.metadata.namespace ?? "default", uid: run.uid,
            requestedBy: run.spec.requestedBy, reason: run.spec.reason)
        self.injection = injection.map { InjectionReference($0, anchor: status?.anchor) }
        planHash = status?.plan?.hash
        if event == .planned { targets = status?.plan?.steps.map(\.target) }
        if event == .verdict || event == .undoFailed {
            verdict = status?.verdict
            verdictReasons = status?.verdictReasons
            undo = status?.undo
        }
        if event == .verdict || event == .recovered { recovery = status?.recovery }
        if event == .abort { message = status?.aborted?.reason }
    }

    private static func severity(_ event: ReportEventKind, _ status: RunStatus?) -> Severity {
        switch event {
        case .undoFailed: return .critical
        case .abort: return .warning
        case .verdict:
            if status?.undo == .dirty { return .critical }
            return status?.verdict == .pass ? .info : .warning
        case .planned, .aboutToInject, .injected, .recovered: return .info
        }
    }
}

extension ReportPayload.InjectionReference {
    init(_ injection: Injection, anchor: ClockAnchor?) {
        name = injection.metadata.name
        uid = injection.metadata.uid ?? injection.metadata.name
        fault = injection.spec.fault
        action = injection.spec.action.name
        target = injection.spec.target
        message = injection.status?.message
        if let anchor { effective = injection.effective(anchor) }
    }
}

extension Injection {
    /// When the effect was there, dated; nil while it was not seen.
    package func effective(_ anchor: ClockAnchor) -> BoundedTimestamp? {
        guard let low = status?.effectiveLow, let high = status?.effectiveHigh else { return nil }
        let middle = MonotonicInstant(nanoseconds: low.nanoseconds + (high.nanoseconds - low.nanoseconds) / 2)
        return BoundedTimestamp(
            at: anchor.timestamp(of: middle), low: anchor.timestamp(of: low), high: anchor.timestamp(of: high))
    }
}
