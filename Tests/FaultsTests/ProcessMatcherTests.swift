// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Foundation
import HostSystem
import Testing

@testable import Faults

@Suite("Which processes")
struct ProcessMatcherTests {
    private static let table = [
        facts(1, "systemd", ["/sbin/init"], "/usr/lib/systemd/systemd"),
        facts(2, "kthreadd", [], nil, isKernelThread: true),
        facts(300, "sshd", ["sshd: root@pts/0"], "/usr/sbin/sshd"),
        facts(
            400, "java", ["java", "-jar", "shop.jar"], "/opt/jdk/bin/java", user: 33,
            cgroup: "/system.slice/shop.service"),
        facts(401, "java", ["java", "-jar", "shop.jar", "--port", "8080"], "/opt/jdk/bin/java", user: 33),
        facts(402, "java", ["java", "-jar shop.jar"], "/opt/jdk/bin/java"),
        facts(403, "a-process-with-a", ["a process with (spaces) $(reboot)"], "/srv/a process", start: 5),
        facts(404, "sleep", ["sleep", "9"], "/usr/bin/sleep", cgroup: "/system.slice/shop.service/inner"),
        facts(500, "renamed", ["nginx"], "/usr/sbin/sshd"),
    ]

    private static func facts(
        _ number: Int32, _ name: String, _ arguments: [String], _ executable: String?, user: UInt32 = 0,
        cgroup: String = "/", isKernelThread: Bool = false, start: UInt64 = 10
    ) -> ProcessFacts {
        ProcessFacts(
            identity: ProcessIdentity(process: number, startTicks: start), parent: 1, name: name,
            isKernelThread: isKernelThread, arguments: arguments, executable: executable, user: user,
            cgroups: [cgroup])
    }

    private func found(_ fill: (inout ProcessFaultSpec.Match) -> Void, own: Set<Int32> = []) throws -> [Int32] {
        var match = ProcessFaultSpec.Match()
        fill(&match)
        let matcher = try ProcessMatcher(match)
        let result = try matcher.matching(
            Self.table, listening: { _ throws(HostError) in [401] }, protected: ProtectedProcesses(own: own))
        return result.found.map(\.identity.process)
    }

    @Test("argument vectors are compared word by word")
    func arguments() throws {
        #expect(try found { $0.arguments = ["java", "-jar", "shop.jar"] } == [400])
        #expect(try found { $0.argumentsPrefix = ["java", "-jar", "shop.jar"] } == [400, 401])
        #expect(try found { $0.arguments = ["java", "-jar shop.jar"] } == [402])
        #expect(try found { $0.argumentsPrefix = ["jav"] } == [])
    }

    @Test("a pattern matches from end to end, and its alternatives do not escape")
    func pattern() throws {
        #expect(try found { $0.commandLine = "java" } == [])
        #expect(try found { $0.commandLine = "java .*shop.*" } == [400, 401, 402])
        #expect(try found { $0.commandLine = "x|sleep 9" } == [404])
        #expect(try found { $0.commandLine = "sleep|y" } == [])
        #expect(throws: HostError.self) { try found { $0.commandLine = "(" } }
    }

    @Test("everything that is written must hold")
    func together() throws {
        #expect(try found { ($0.executable, $0.port) = ("/opt/jdk/bin/java", 8_080) } == [401])
        #expect(try found { ($0.executable, $0.user) = ("/opt/jdk/bin/java", "33") } == [400, 401])
        #expect(try found { ($0.process, $0.user) = (400, "0") } == [])
    }

    @Test("a unit and a control group are whole names, and hold what lies below")
    func groups() throws {
        #expect(try found { $0.unit = "shop.service" } == [400, 404])
        #expect(try found { $0.unit = "hop.service" } == [])
        #expect(try found { $0.cgroup = "/system.slice/shop.service" } == [400, 404])
        #expect(try found { $0.cgroup = "/system.slice/sho" } == [])
    }

    @Test("the first process, kernel threads, sshd under any name and our own are never found")
    func protected() throws {
        #expect(try found({ $0.commandLine = ".*" }, own: [400]) == [401, 402, 403, 404])
        #expect(try found { $0.process = 1 } == [])
        #expect(try found { $0.executable = "/usr/sbin/sshd" } == [])
    }

    @Test("without a pick, several matches are an error that names them")
    func several() throws {
        var generator = SystemRandomNumberGenerator()
        let two = Self.table.filter { [400, 401].contains($0.identity.process) }
        #expect(throws: HostError.self) { try ProcessFaultSpec.Pick.only.chosen(from: two, using: &generator) }
        #expect(try ProcessFaultSpec.Pick.count(1).chosen(from: two, using: &generator).count == 1)
        #expect(throws: HostError.self) { try ProcessFaultSpec.Pick.count(3).chosen(from: two, using: &generator) }
        #expect(try ProcessFaultSpec.Pick.percent(1).chosen(from: two, using: &generator).count == 1)
        #expect(try ProcessFaultSpec.Pick.percent(100).chosen(from: two, using: &generator).count == 2)
        let all = Array(Self.table[3...])
        #expect(try ProcessFaultSpec.Pick.oldest(1).chosen(from: all, using: &generator)[0].identity.process == 403)
        #expect(try ProcessFaultSpec.Pick.newest(1).chosen(from: all, using: &generator)[0].identity.process == 500)
    }

    @Test("a process's name may hold brackets and spaces")
    func statLine() throws {
        let rest = " S 7 1 1 0 -1 4194560 1 0 0 0 11 22 0 0 20 0 1 0 4242 0 0"
        let stat = try #require(ProcessStat(parsing: "12 (a) b (c))" + rest))
        #expect((stat.name, stat.parent, stat.startTicks, stat.cpuTicks) == ("a) b (c)", 7, 4_242, 33))
        #expect(ProcessStat(parsing: "12 (cut") == nil)
    }

    @Test("a signal goes to the process that was meant, and to no later one with its number")
    func identity() throws {
        let sleeper = Foundation.Process()
        sleeper.executableURL = URL(filePath: "/bin/sleep")
        sleeper.arguments = ["600"]
        try sleeper.run()
        let identity = try #require(ProcessIdentity.current(sleeper.processIdentifier))
        var other = identity
        other.startTicks += 1
        #expect(try other.send(SIGKILL) == false)
        #expect(identity.isAlive)
        #expect(try identity.send(SIGKILL))
        sleeper.waitUntilExit()
        #expect(try identity.send(SIGKILL) == false)
    }
}

@Suite("Records of process faults")
struct ProcessUndoTests {
    @Test(
        "only what this program writes is taken",
        arguments: [
            #"{"action":"pause","targets":[{"pid":1,"startTicks":1}]}"#,
            #"{"action":"pause","targets":[{"pid":0,"startTicks":1}]}"#,
            #"{"action":"pause","targets":[{"pid":-1,"startTicks":1}]}"#,
            #"{"action":"reboot","targets":[{"pid":5,"startTicks":1}]}"#,
            #"{"action":"pause","targets":[]}"#,
            #"{"action":"pause","targets":[{"pid":5}]}"#,
            #"{"action":"pause","targets":[{"pid":5,"startTicks":1}],"command":"reboot"}"#,
        ])
    func hostile(text: String) throws {
        let tree = try #require(JSONReader.read(text).documents.first)
        #expect(HostFault(kind: "process", undo: tree) == nil)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let text = #"{"action":"pause","targets":[{"pid":5,"startTicks":18446744073709551615}]}"#
        let tree = try #require(JSONReader.read(text).documents.first)
        let fault = try #require(HostFault(kind: "process", undo: tree))
        #expect(JSONText.compact(fault.undo) == text)
        #expect(fault.resources == ["process:5:18446744073709551615"])
    }
}
