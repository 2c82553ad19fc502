// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc

/// What the host is, found by looking: nothing is started and nothing is changed.
package struct HostFacts: Sendable, Equatable {
    package var system: HostSystemFacts
    package var capabilities: HostCapabilities

    /// The interfaces that are told of, by name: the rest of a host with thousands of containers is not.
    static let mostInterfaces = 100
    /// modules.dep of a kernel with everything has 700 kB.
    private static let mostModuleBytes = 8 << 20
    private static let programFolders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"]

    /// Looks below `root`, which is the empty text but in tests.
    package static func read(root: String = "") -> HostFacts {
        let names = kernelNames()
        let system = HostSystemFacts(
            hostname: names.host, bootID: word(root + "/proc/sys/kernel/random/boot_id"), kernel: names.release,
            architecture: names.machine)
        let capabilities = HostCapabilities(
            cores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), memoryBytes: memoryBytes(root),
            controlGroups: controlGroups(root), tc: program("tc", root), nft: program("nft", root),
            hasNetem: hasNetem(root, release: names.release), interfaces: interfaces(root))
        return HostFacts(system: system, capabilities: capabilities)
    }

    private static func kernelNames() -> (host: String, release: String, machine: String) {
        var names = utsname()
        guard uname(&names) == 0 else { return ("unknown", "unknown", "unknown") }
        func text<T>(_ field: T) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return (text(names.nodename), text(names.release), text(names.machine))
    }

    private static func word(_ path: String) -> String {
        let text = SmallFile.text(path) ?? ""
        return String(text.prefix { !$0.isWhitespace })
    }

    /// `MemTotal:  4028736 kB` (proc_meminfo(5)); 0 where it cannot be read.
    static func memoryBytes(_ root: String) -> Int64 {
        let lines = (SmallFile.text(root + "/proc/meminfo") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("MemTotal:") }) else { return 0 }
        let words = line.split(separator: " ")
        guard words.count >= 2, let kilobytes = Int64(words[1]) else { return 0 }
        let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1_024)
        return overflow ? 0 : bytes
    }

    /// The root of version 2 has cgroup.controllers; where systemd keeps it beside version 1, that lies in `unified`
    /// (cgroups(7); systemd's CGROUP_DELEGATION).
    static func controlGroups(_ root: String) -> HostCapabilities.ControlGroups {
        let folder = root + "/sys/fs/cgroup"
        if SmallFile.isThere(folder + "/cgroup.controllers") { return .version2 }
        if SmallFile.isThere(folder + "/unified/cgroup.controllers") { return .hybrid }
        let controllers = ["cpu", "cpu,cpuacct", "memory", "pids"]
        return controllers.contains { SmallFile.isThere("\(folder)/\($0)/cgroup.procs") } ? .version1 : .none
    }

    static func program(_ name: String, _ root: String) -> String? {
        programFolders.map { "\($0)/\(name)" }.first { SmallFile.isExecutable(root + $0) }
    }

    /// Loaded or built in (both are in /sys/module or modules.builtin), or a module that modprobe(8) would find.
    static func hasNetem(_ root: String, release: String) -> Bool {
        if SmallFile.isThere(root + "/sys/module/sch_netem") { return true }
        return ["modules.builtin", "modules.dep"].contains { file in
            let path = "\(root)/lib/modules/\(release)/\(file)"
            guard let bytes = SmallFile.bytes(path, mostBytes: mostModuleBytes) else { return false }
            return bytes.split(separator: 0x0A).contains { line in
                let module = line.prefix { $0 != UInt8(ascii: ":") }
                return String(decoding: module, as: UTF8.self).contains("/sch_netem.ko")
            }
        }
    }

    /// IFF_UP is the lowest bit of `flags` (netdevice(7)).
    static func interfaces(_ root: String) -> [HostInterface] {
        let folder = root + "/sys/class/net"
        return (SmallFile.names(in: folder) ?? []).prefix(mostInterfaces).compactMap { name in
            // bonding_masters is a file among the folders.
            guard let text = SmallFile.text("\(folder)/\(name)/flags") else { return nil }
            let digits = text.prefix { !$0.isWhitespace }.dropFirst(text.hasPrefix("0x") ? 2 : 0)
            return HostInterface(name: name, isUp: (UInt32(digits, radix: 16) ?? 0) & 1 == 1)
        }
    }
}
