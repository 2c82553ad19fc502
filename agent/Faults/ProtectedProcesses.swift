import Glibc
// SPDX-License-Identifier: Apache-2.0
package import HostSystem

/// Processes that no fault touches: those by which the host is reached and this fault is undone.
package struct ProtectedProcesses: Sendable {
    /// The injector, what started it, and its guard.
    private let own: Set<Int32>
    /// Names of what keeps a host reachable and its devices, names and clock in order.
    private static let names: Set<String> = [
        "sshd", "systemd", "init", "systemd-journal", "systemd-journald", "systemd-logind", "systemd-network",
        "systemd-networkd", "systemd-resolve", "systemd-resolved", "systemd-udevd", "systemd-timesyn",
        "systemd-timesyncd", "dbus-daemon", "dbus-broker", "dbus-broker-launch", "dbus-broker-lau", "NetworkManager",
        "dhclient", "dhcpcd", "chronyd", "ntpd", "amazon-ssm-agent", "amazon-ssm-agen", "ssm-agent-worker",
        "ssm-agent-worke", "ssm-session-worker", "ssm-session-wor", "rebound-agent", "rebound-inject",
    ]

    /// Those of the process that asks.
    package init() { self.init(own: Set(ProcessFacts.ancestry(of: getpid()))) }

    package init(own: Set<Int32>) { self.own = own }

    /// Why a process is left alone; nil when it may be harmed.
    package func reason(for facts: ProcessFacts) -> String? {
        if facts.identity.process == 1 { return "the first process" }
        if facts.isKernelThread { return "a kernel thread" }
        if own.contains(facts.identity.process) { return "the injector or what started it" }
        let program = facts.executable.flatMap { $0.split(separator: "/").last.map(String.init) }
        // A program can call itself anything, so that its file counts too.
        for name in [program, facts.name].compactMap({ $0 }) where Self.names.contains(name) || name.hasPrefix("sshd-")
        {
            return "\(name) keeps the host in order"
        }
        return nil
    }
}
