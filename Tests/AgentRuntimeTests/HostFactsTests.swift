// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

@Suite("What a host is")
struct HostFactsTests {
    /// A tree with these files, and what lies in them.
    private func root(_ files: [String: String]) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for (path, text) in files {
            let file = URL(filePath: folder.file(path))
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return folder
    }

    /// What is found in such a tree while it is there.
    private func look<T>(_ files: [String: String], _ find: (String) -> T) throws -> T {
        let folder = try root(files)
        return withExtendedLifetime(folder) { find(folder.path) }
    }

    @Test(
        "control groups are told apart by what is mounted",
        arguments: [
            (["sys/fs/cgroup/cgroup.controllers"], HostCapabilities.ControlGroups.version2),
            (["sys/fs/cgroup/unified/cgroup.controllers", "sys/fs/cgroup/cpu/cgroup.procs"], .hybrid),
            (["sys/fs/cgroup/memory/cgroup.procs"], .version1), (["sys/fs/other"], .none),
        ])
    func controlGroups(files: [String], expected: HostCapabilities.ControlGroups) throws {
        let tree = Dictionary(uniqueKeysWithValues: files.map { ($0, "") })
        #expect(try look(tree, HostFacts.controlGroups) == expected)
    }

    @Test("netem counts when it is loaded, built in, or a module; not when another module has its name in it")
    func netem() throws {
        let modules = "lib/modules/6.1/"
        for (path, text, expected) in [
            ("sys/module/sch_netem/refcnt", "0", true),
            (modules + "modules.builtin", "kernel/net/sched/sch_netem.ko\n", true),
            (modules + "modules.dep", "kernel/net/sched/sch_tbf.ko:\nkernel/net/sched/sch_netem.ko.xz: a.ko\n", true),
            (modules + "modules.dep", "kernel/net/x.ko: kernel/net/sched/sch_netem.ko\n", false),
            (modules + "modules.dep", "kernel/net/sched/sch_netem_old.ko:\n", false), ("etc/other", "", false),
        ] {
            let found = try look([path: text]) { HostFacts.hasNetem($0, release: "6.1") }
            #expect(found == expected, "\(path): \(text)")
        }
    }

    @Test("memory and interfaces are read as the kernel writes them; what is no number counts as not known")
    func numbers() throws {
        #expect(try look(["proc/meminfo": "MemTotal:   2048 kB\n"], HostFacts.memoryBytes) == 2_097_152)
        for text in ["MemTotal: x kB", "MemTotal:", "MemFree: 1 kB", "MemTotal: 9223372036854775807 kB"] {
            #expect(try look(["proc/meminfo": text], HostFacts.memoryBytes) == 0, "\(text)")
        }
        let net = "sys/class/net/"
        let found = try look(
            [net + "lo/flags": "0x9\n", net + "eth0/flags": "0x1002\n", net + "bonding_masters": ""],
            HostFacts.interfaces)
        #expect(found == [HostInterface(name: "eth0", isUp: false), HostInterface(name: "lo", isUp: true)])
    }

    @Test("of this machine, what is told is what its own programs tell")
    func thisMachine() throws {
        let facts = HostFacts.read()
        let release = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        #expect(facts.system.kernel + "\n" == release)
        #expect(facts.system.bootID.count == 36 && facts.capabilities.memoryBytes > 0)
        #expect(facts.capabilities.interfaces.contains { $0.name == "lo" })
        #expect(facts.capabilities.cores == ProcessInfo.processInfo.processorCount)
    }
}
