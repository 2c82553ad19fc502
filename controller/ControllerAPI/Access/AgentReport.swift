// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What an agent may write into the status of its own injections: the next step of their life, and nothing that takes
/// back what was said before. The record of the undo is written once, before the act, and stays.
struct AgentReport {
    let old: InjectionStatus
    let new: InjectionStatus

    /// Everything that is wrong with going from one status to the next; empty when it may be written.
    static func objections(to new: InjectionStatus?, after old: InjectionStatus?) -> [StatusError.Cause] {
        guard let new else { return [cause("status", "is not taken away once it is written")] }
        guard let old, old.state != .pending, old.state != .reserved else {
            return [cause("status.state", "the controller has not announced the injection yet: do nothing, and wait")]
        }
        if old == new { return [] }
        let report = AgentReport(old: old, new: new)
        return report.aboutState + report.aboutUndo + report.aboutRecord
    }

    /// Forward only. What may have touched the host ends as put back, as needing nothing, or as not put back.
    private static func followers(of state: InjectionState) -> Set<InjectionState> {
        switch state {
        case .pending: [.reserved, .refused, .failed]
        case .reserved: [.announced, .refused, .failed]
        case .announced: [.armed, .refused, .failed]
        case .armed: [.acting, .refused, .failed]
        case .acting: [.accepted, .effective, .noEffect, .reverting, .targetGone]
        case .accepted: [.effective, .completed, .noEffect, .reverting, .targetGone]
        case .effective, .noEffect: [.reverting, .targetGone]
        case .reverting: [.reverted, .revertFailed, .targetGone]
        case .reverted, .completed, .refused, .failed, .targetGone, .revertFailed: []
        }
    }

    private var aboutState: [StatusError.Cause] {
        if old.state.isFinal {
            return [Self.cause("status", "an injection that is \(old.state.rawValue) is over, and nothing is added")]
        }
        let followers = Self.followers(of: old.state)
        if new.state == old.state || followers.contains(new.state) { return [] }
        let known = InjectionState.allCases.filter(followers.contains).map(\.rawValue).joined(separator: ", ")
        return [
            Self.cause(
                "status.state", "\(new.state.rawValue) does not follow \(old.state.rawValue); what may is \(known)")
        ]
    }

    private var aboutUndo: [StatusError.Cause] {
        if let record = old.undo, new.undo != record {
            return [Self.cause("status.undo", "never changes once it is written")]
        }
        if new.undo == nil, ![.announced, .refused, .failed].contains(new.state) {
            return [Self.cause("status.undo", "is written before anything is touched; write it with the state armed")]
        }
        return []
    }

    private var aboutRecord: [StatusError.Cause] {
        var causes: [StatusError.Cause] = []
        func check(_ field: String, _ isRight: Bool, _ message: String) {
            if !isRight { causes.append(Self.cause("status.\(field)", message)) }
        }
        check("fencingToken", new.fencingToken == old.fencingToken, "is the controller's, from the reservation")
        check("attempts", new.attempts >= old.attempts, "never counts down")
        check("evidence", new.evidence.starts(with: old.evidence), "is only added to")
        let instants: [(String, KeyPath<InjectionStatus, MonotonicInstant?>)] = [
            ("callBegan", \.callBegan), ("acceptedAt", \.acceptedAt), ("effectiveLow", \.effectiveLow),
            ("effectiveHigh", \.effectiveHigh), ("revertBegan", \.revertBegan), ("revertedAt", \.revertedAt),
        ]
        for (field, path) in instants {
            check(field, old[keyPath: path] == nil || new[keyPath: path] == old[keyPath: path], "is written once")
        }
        return causes
    }

    private static func cause(_ field: String, _ message: String) -> StatusError.Cause {
        StatusError.Cause(reason: "FieldValueForbidden", message: message, field: field)
    }
}
