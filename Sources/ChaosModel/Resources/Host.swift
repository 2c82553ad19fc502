// SPDX-License-Identifier: Apache-2.0

/// A machine that can be reached. People write how, and labels; the agent on it reports what it is.
package struct Host: Resource {
    package static let kind = ResourceKind.host
    package var apiVersion = reboundAPIVersion
    package var kind = ResourceKind.host
    package var metadata: ObjectMetadata
    package var spec: HostSpec
    package var status: HostStatus?

    package init(metadata: ObjectMetadata, spec: HostSpec) {
        self.metadata = metadata
        self.spec = spec
    }
}

/// How a host is reached.
package struct HostSpec: Sendable, Codable, Equatable {
    /// By an agent on it, which dials out.
    package var agent: HostAgentSpec

    package init(agent: HostAgentSpec = HostAgentSpec()) { self.agent = agent }
}

/// Nothing has to be said of a host that an agent is on.
package struct HostAgentSpec: Sendable, Codable, Equatable {
    package init() {}
}

/// What is known of a host. `lastContact` and `conditions` are the controller's, all else is what the agent reports.
package struct HostStatus: Sendable, Codable, Equatable {
    package var agent: HostAgentStatus?
    package var system: HostSystemFacts?
    package var capabilities: HostCapabilities?
    package var clock: HostClock?
    /// When the agent was heard last, by the controller's clock.
    package var lastContact: Timestamp?
    package var conditions: [Condition]?

    package init() {}
}

/// The agent that reports.
package struct HostAgentStatus: Sendable, Codable, Equatable {
    package var version: String
    /// How often it reports. After three times as long without a word the host is no longer known to be ready.
    package var heartbeat: WrittenDuration

    package init(version: String, heartbeat: WrittenDuration) {
        self.version = version
        self.heartbeat = heartbeat
    }
}

/// What runs on the host.
package struct HostSystemFacts: Sendable, Codable, Equatable {
    /// As uname(2) has it.
    package var hostname: String
    /// Of /proc/sys/kernel/random/boot_id: another one is another boot.
    package var bootID: String
    package var kernel: String
    package var architecture: String

    package init(hostname: String, bootID: String, kernel: String, architecture: String) {
        self.hostname = hostname
        self.bootID = bootID
        self.kernel = kernel
        self.architecture = architecture
    }
}

/// What was found on the host by looking.
package struct HostCapabilities: Sendable, Codable, Equatable {
    /// How the kernel's control groups are mounted.
    package enum ControlGroups: String, Sendable, Codable, CaseIterable {
        case none
        case version1 = "v1"
        case version2 = "v2"
        /// Version 1, with version 2 beside it for systemd's own use.
        case hybrid
    }

    /// Logical processors that are online.
    package var cores: Int
    package var memoryBytes: Int64
    package var controlGroups: ControlGroups
    /// Paths of the programs; absent where there is none.
    package var tc: String?
    package var nft: String?
    /// Whether the kernel has sch_netem, built in, loaded, or as a module that can be loaded.
    package var hasNetem: Bool
    package var interfaces: [HostInterface]

    package init(
        cores: Int, memoryBytes: Int64, controlGroups: ControlGroups, tc: String?, nft: String?, hasNetem: Bool,
        interfaces: [HostInterface]
    ) {
        self.cores = cores
        self.memoryBytes = memoryBytes
        self.controlGroups = controlGroups
        self.tc = tc
        self.nft = nft
        self.hasNetem = hasNetem
        self.interfaces = interfaces
    }
}

/// A network interface.
package struct HostInterface: Sendable, Codable, Equatable {
    package var name: String
    package var isUp: Bool

    package init(name: String, isUp: Bool) {
        self.name = name
        self.isUp = isUp
    }
}

/// How far the controller's clock is ahead of the host's. The truth lies from `lowSeconds` to `highSeconds`, as long as
/// neither clock was set since and they drift no faster than the agent allows for.
package struct HostClock: Sendable, Codable, Equatable {
    package var offsetSeconds: Double
    package var lowSeconds: Double
    package var highSeconds: Double
    /// When that held, by the controller's clock, as far as the host knows it.
    package var measuredAt: Timestamp

    package init(offsetSeconds: Double, lowSeconds: Double, highSeconds: Double, measuredAt: Timestamp) {
        self.offsetSeconds = offsetSeconds
        self.lowSeconds = lowSeconds
        self.highSeconds = highSeconds
        self.measuredAt = measuredAt
    }
}

extension Host {
    /// The condition that says whether the agent is heard.
    package static let ready = "Ready"
    /// How often an agent reports when it is told nothing else.
    package static let usualHeartbeat = Duration.seconds(10)
    /// A host that was not heard for so many heartbeats is not known to be ready.
    package static let mostMissedHeartbeats = 3

    /// Whether the agent is heard; nil before it ever was.
    package var readiness: Condition? { status?.conditions?.first { $0.type == Self.ready } }

    /// How long the agent may be silent.
    package var patience: Duration {
        (status?.agent?.heartbeat.duration ?? Self.usualHeartbeat) * Self.mostMissedHeartbeats
    }
}

extension HostStatus {
    /// Sets the condition; when it changed is kept while its status is the same.
    package mutating func setReady(_ status: Condition.Value, reason: String, message: String, at now: Timestamp) {
        var all = conditions ?? []
        let old = all.first { $0.type == Host.ready }
        let since = old?.status == status ? old?.lastTransitionTime ?? now : now
        all.removeAll { $0.type == Host.ready }
        all.append(
            Condition(type: Host.ready, status: status, reason: reason, message: message, lastTransitionTime: since))
        conditions = all
    }
}

extension HostClock {
    /// `-3000.1ms ±0.4ms`: the guess, and the most by which it can be wrong.
    package var words: String {
        let bound = max(highSeconds - offsetSeconds, offsetSeconds - lowSeconds)
        return "\(Self.milliseconds(offsetSeconds)) ±\(Self.milliseconds(bound))"
    }

    private static func milliseconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return "\(seconds)s" }
        let tenths = Int64((seconds * 10_000).rounded())
        return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)ms"
    }
}
