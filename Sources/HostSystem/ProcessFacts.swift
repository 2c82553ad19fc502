// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Glibc

/// What /proc says of one process: what it can be chosen by.
package struct ProcessFacts: Sendable {
    package var identity: ProcessIdentity
    package var parent: Int32
    /// At most 15 letters, cut by the kernel; used only to protect, never to choose.
    package var name: String
    package var isKernelThread: Bool
    package var isStopped: Bool
    /// The whole argument vector; empty for kernel threads.
    package var arguments: [String]
    /// The path of the program; nil when it cannot be told. Without the kernel's note that the file was deleted.
    package var executable: String?
    /// The effective user.
    package var user: UInt32
    /// Paths in the control group hierarchies.
    package var cgroups: [String]

    package init(
        identity: ProcessIdentity, parent: Int32, name: String, isKernelThread: Bool = false, isStopped: Bool = false,
        arguments: [String] = [], executable: String? = nil, user: UInt32 = 0, cgroups: [String] = []
    ) {
        (self.identity, self.parent, self.name) = (identity, parent, name)
        (self.isKernelThread, self.isStopped, self.arguments) = (isKernelThread, isStopped, arguments)
        (self.executable, self.user, self.cgroups) = (executable, user, cgroups)
    }

    /// Nil when there is no such process any more.
    package init?(reading process: Int32) {
        guard let stat = ProcessStat(process), !stat.hasEnded else { return nil }
        let folder = "/proc/\(process)"
        identity = ProcessIdentity(process: process, startTicks: stat.startTicks)
        (parent, name, isStopped) = (stat.parent, stat.name, stat.isStopped)
        isKernelThread = stat.isKernelThread
        let words = HostFile.text("\(folder)/cmdline") ?? ""
        arguments = words.split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        if arguments.last == "" { arguments.removeLast() }
        executable = HostFile.link("\(folder)/exe").map { path in
            path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
        }
        user = Self.effectiveUser(HostFile.text("\(folder)/status") ?? "")
        cgroups = (HostFile.text("\(folder)/cgroup") ?? "").split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return parts.count == 3 ? String(parts[2]) : nil
        }
        // Read last, so that all of this was one process's.
        guard identity.isAlive else { return nil }
    }

    /// Every process that runs, by number.
    package static func all() throws(HostError) -> [Self] {
        try HostFile.names(in: "/proc").compactMap { Int32($0) }.sorted().compactMap { Self(reading: $0) }
    }

    /// The process and those that started it, up to the first.
    package static func ancestry(of process: Int32) -> [Int32] {
        var found: [Int32] = []
        var next = process
        while next > 0, found.count < 1_000, let stat = ProcessStat(next) {
            found.append(next)
            next = stat.parent
        }
        return found
    }

    private static func effectiveUser(_ status: String) -> UInt32 {
        let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        return line.flatMap { $0.split(separator: "\t").dropFirst(2).first }.flatMap { UInt32($0) } ?? UInt32.max
    }
}

/// Which processes listen at a TCP or UDP port of this network namespace (proc(5), net/tcp).
package enum ListeningPorts {
    /// The processes with a socket that listens at the port. Throws when /proc cannot be listed.
    package static func processes(at port: Int) throws(HostError) -> Set<Int32> {
        let sockets = inodes(at: port)
        guard !sockets.isEmpty else { return [] }
        var found: Set<Int32> = []
        for process in try HostFile.names(in: "/proc").compactMap({ Int32($0) }) {
            // A process that has ended meanwhile listens no more.
            let names = (try? HostFile.names(in: "/proc/\(process)/fd")) ?? []
            let holds = names.contains { HostFile.link("/proc/\(process)/fd/\($0)").map(sockets.contains) == true }
            if holds { found.insert(process) }
        }
        return found
    }

    private static func inodes(at port: Int) -> Set<String> {
        var found: Set<String> = []
        for (table, state) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
            found.formUnion(inodes(in: HostFile.text("/proc/net/\(table)", limit: 16 << 20) ?? "", port, state))
        }
        return found
    }

    /// The links, as `socket:[123]`, of the rows of a table with this local port and state.
    package static func inodes(in table: String, _ port: Int, _ state: String) -> Set<String> {
        var found: Set<String> = []
        for row in table.split(separator: "\n").dropFirst() {
            let fields = row.split(separator: " ")
            guard fields.count > 9, fields[3] == state, let colon = fields[1].lastIndex(of: ":"),
                Int(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { continue }
            found.insert("socket:[\(fields[9])]")
        }
        return found
    }
}
