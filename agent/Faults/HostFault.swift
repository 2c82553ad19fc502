// SPDX-License-Identifier: Apache-2.0
package import FaultModel
package import HostSystem

/// What a fault says of itself when the host is asked.
package enum Presence: Sendable, Equatable {
    /// In force, as it was put in.
    case present
    /// Nothing of it is on the host.
    case absent
    /// Something is, but not what was put in.
    case altered(String)

    /// One word for reports.
    package var word: String {
        switch self {
        case .present: "present"
        case .absent: "absent"
        case .altered: "altered"
        }
    }
}

/// Something seen on the host, for the one who reads the report: a name and what was seen.
package typealias Evidence = [(String, ManifestNode.Content)]

/// A fault that was planned: everything it takes to put it in and to take it back. Made by looking at the host only, or
/// from a record of the journal, which is checked as if an enemy had written it.
package enum HostFault: Sendable {
    case process(ProcessFault)
    case network(NetworkFault)

    /// Looks at the host and changes nothing. Throws what stands against the fault.
    package init(planning injection: HostInjection) throws(HostError) {
        switch injection.fault {
        case .process(let spec): self = .process(try ProcessFault(planning: spec))
        case .network(let spec): self = .network(try NetworkFault(planning: spec, roadHome: injection.roadHome))
        }
    }

    /// What an injection would hold alone, as far as it is known before the host is looked at: whoever holds it already
    /// is named before the host's state, which is his doing, is taken for somebody else's.
    package static func resources(of injection: HostInjection) -> [String] {
        guard case .network(let spec) = injection.fault else { return [] }
        return (spec.interface ?? NetworkInterface.ofDefaultRoute).map { ["network:\($0)"] } ?? []
    }

    /// From a record. Nil when it is not one that this program could have written.
    package init?(kind: String, undo: ManifestNode) {
        switch kind {
        case "process":
            guard let fault = ProcessFault(undo: undo) else { return nil }
            self = .process(fault)
        case "network":
            guard let fault = NetworkFault(undo: undo) else { return nil }
            self = .network(fault)
        default: return nil
        }
    }

    package var kind: String {
        switch self {
        case .process: "process"
        case .network: "network"
        }
    }

    /// For the journal.
    package var undo: ManifestNode {
        switch self {
        case .process(let fault): fault.undo
        case .network(let fault): fault.undo
        }
    }

    /// What it holds alone.
    package var resources: [String] {
        switch self {
        case .process(let fault): fault.resources
        case .network(let fault): fault.resources
        }
    }

    /// Puts it in. When it throws, the host may be touched: revert.
    package mutating func inject() throws(HostError) -> Evidence {
        switch self {
        case .process(var fault):
            defer { self = .process(fault) }
            return try fault.inject()
        case .network(let fault): return try fault.inject()
        }
    }

    /// Looks whether the fault has the effect that was asked for. Throws `noEffect` when it has not.
    package func verify() throws(HostError) -> Evidence {
        switch self {
        case .process(let fault): try fault.verify()
        case .network(let fault): try fault.verify()
        }
    }

    /// Takes it back. May be called at any time, any number of times. Throws when something is left.
    package func revert() throws(HostError) -> Evidence {
        switch self {
        case .process(let fault): try fault.revert()
        case .network(let fault): try fault.revert()
        }
    }

    /// What the host shows of it.
    package func presence() throws(HostError) -> Presence {
        switch self {
        case .process(let fault): try fault.presence()
        case .network(let fault): try fault.presence()
        }
    }

    /// How often `keepUp` must be called while the fault is held; nil for faults that hold by themselves.
    package var upkeep: Duration? {
        if case .process(let fault) = self, fault.action == .keepDown { .milliseconds(100) } else { nil }
    }

    /// What holding takes: keeping processes down. Returns what it did.
    package mutating func keepUp() throws(HostError) -> Evidence {
        guard case .process(var fault) = self else { return [] }
        defer { self = .process(fault) }
        return try fault.keepDown()
    }
}
