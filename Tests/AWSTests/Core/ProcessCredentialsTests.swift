// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Testing

@testable import AWS

@Suite("credential_process")
struct ProcessCredentialsTests {
    private func source(_ command: String, deadline: Duration = .seconds(60)) -> ProcessCredentials {
        var variables = ["PATH": "/usr/bin:/bin", "GIVEN": "from the environment"]
        variables["HOME"] = "/home/op"
        let context = AWSContext.test(MemoryFiles([:]).environment(variables))
        return ProcessCredentials(
            context: context, profile: AWSProfile(name: "p"), command: command, deadline: deadline)
    }

    private static let document =
        "{\"Version\":1,\"AccessKeyId\":\"ASIAPROCESS\",\"SecretAccessKey\":\"PROCESSSECRET\",\"SessionToken\":\"T\"}"

    @Test("what the program prints is taken, with and without an expiry")
    func prints() async throws {
        for (more, expiration) in [
            ("", nil), (",\"Expiration\":\"2030-01-01T00:00:00Z\"", AWSInstant(seconds: 1_893_456_000)),
        ] {
            let text = Self.document.dropLast() + more + "}"
            guard case .found(let keys) = try await source("printf %s '\(text)'").find() else {
                Issue.record("no keys")
                return
            }
            #expect(keys.accessKeyID == "ASIAPROCESS")
            #expect(keys.sessionToken == "T")
            #expect(keys.expiration == expiration)
            #expect(keys.source == "profile p (credential_process)")
        }
    }

    @Test("no shell reads the line: its marks are plain text, quotes keep spaces")
    func noShell() async throws {
        let output = try await OutputOfProcess.run(
            try #require(SharedConfigFile.words("printf %s| \"a  b\" '$HOME;`id`' c\"d\"e \"\"")),
            variables: ["PATH": "/usr/bin:/bin"], largestOutput: 1_000, deadline: .seconds(60))
        #expect(String(decoding: output.bytes, as: UTF8.self) == "a  b|$HOME;`id`|cde||")
    }

    @Test("the program gets the environment given, no standard input, and none of our descriptors")
    func surroundings() async throws {
        let open = open("/dev/null", O_RDONLY)  // Not close-on-exec, on purpose.
        defer { close(open) }
        let script = "echo $GIVEN; cat; ls /proc/self/fd | tr '\\n' ' '"
        let output = try await OutputOfProcess.run(
            ["sh", "-c", script], variables: ["PATH": "/usr/bin:/bin", "GIVEN": "x"], largestOutput: 1_000,
            deadline: .seconds(60))
        #expect(String(decoding: output.bytes, as: UTF8.self) == "x\n0 1 2 3 ")
    }

    @Test(
        "a program that does not give keys is an error that shows neither its output nor its arguments",
        arguments: [
            ("/nowhere/tool --key PROCESSSECRET", AWSErrorCode.invalidConfiguration, "was not started"),
            ("sh -c 'echo PROCESSSECRET; echo PROCESSSECRET >&2; exit 3'", .other, "ended with status 3"),
            ("sh -c 'kill -9 $$' PROCESSSECRET", .other, "ended with status 137"),
            ("echo PROCESSSECRET", .malformedReply, "not the JSON"), ("true", .malformedReply, "not the JSON"),
            ("printf '{\"Version\":2,\"AccessKeyId\":\"PROCESSSECRET\"}'", .malformedReply, "version 2"),
            ("printf '{\"AccessKeyId\":\"PROCESSSECRET\"}'", .malformedReply, "version none"),
            ("printf '{\"Version\":1,\"AccessKeyId\":\"PROCESSSECRET\"}'", .malformedReply, "SecretAccessKey"),
            ("yes PROCESSSECRET", .malformedReply, "more than 65536 bytes"),
            ("sh -c \"PROCESSSECRET", .invalidConfiguration, "quotes are not closed"),
        ])
    func fails(command: String, code: AWSErrorCode, reason: String) async throws {
        let source = source(command)
        let error = try #require(try await awsError { try await source.find() })
        #expect(error.code == code)
        #expect(error.message.contains(reason), "\(error.message)")
        var dumped = ""
        dump(error, to: &dumped)
        #expect(!dumped.contains("PROCESSSECRET"), "\(dumped)")
    }

    @Test("a program that does not end is killed with its children at the deadline")
    func deadline() async throws {
        let mark = "7\(UInt32.random(in: 10_000_000...99_999_999))"
        let source = source("sh -c 'sleep \(mark) & wait'", deadline: .milliseconds(300))
        let error = try #require(try await awsError { try await source.find() })
        #expect(error.code == .timedOut)
        try await Processes.untilNone(with: mark)
    }

    @Test("a caller that is cancelled leaves no program behind")
    func cancelled() async throws {
        let mark = "8\(UInt32.random(in: 10_000_000...99_999_999))"
        let source = source("sleep \(mark)")
        let task = Task { try await awsError { try await source.find() } }
        try await Processes.untilSome(with: mark)
        task.cancel()
        #expect(try await task.value?.code == .cancelled)
        try await Processes.untilNone(with: mark)
    }
}

/// The machine's processes, by what is on their command lines.
enum Processes {
    static func arguments() -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.filter { Int($0) != nil }.compactMap { id in
            FileManager.default.contents(atPath: "/proc/\(id)/cmdline").map { String(decoding: $0, as: UTF8.self) }
        }
    }

    static func untilSome(with mark: String) async throws {
        while !arguments().contains(where: { $0.contains(mark) }) { await Task.yield() }
    }

    /// A killed process is gone when its parent, or init, has reaped it; its command line is empty before that.
    static func untilNone(with mark: String) async throws {
        while arguments().contains(where: { $0.contains(mark) }) { await Task.yield() }
    }
}
