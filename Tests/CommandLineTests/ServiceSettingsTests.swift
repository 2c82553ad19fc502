// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Glibc
import Testing

@Suite("The settings of the service")
struct ServiceSettingsTests {
    private static let file = """
        apiVersion: rebound.chaos/v1
        kind: ControllerConfiguration
        dataFolder: /srv/rebound
        listen: ["0.0.0.0:7443"]
        log: { level: notice }

        """

    private func check(_ text: String, environment: [String: String] = [:], _ more: String...) throws -> ProgramRun {
        try ProgramRun(
            ["check", "--config", "-"] + more, program: "rebound-controller",
            environment: environment.merging(["HOME": "/home/ana"]) { a, _ in a }, input: text)
    }

    /// The value and the origin of each field.
    private func rows(_ run: ProgramRun) -> [String: [String]] {
        Dictionary(
            uniqueKeysWithValues: run.output.split(separator: "\n").dropFirst().map { line in
                let words = line.split(separator: "  ").map { String($0).trimmingPrefix(while: { $0 == " " }) }
                return (String(words[0]), words.dropFirst().map(String.init))
            })
    }

    @Test("an option wins over the environment, that over the file, that over the default; and it is said")
    func precedence() throws {
        let run = try check(
            Self.file, environment: ["REBOUND_LISTEN": "127.0.0.1:1,[::1]:2", "REBOUND_LOG": "debug"], "--listen",
            "127.0.0.1:3")
        #expect(run.status == 0)
        let rows = rows(run)
        #expect(rows["listen"] == ["127.0.0.1:3", "--listen"])
        #expect(rows["log.level"] == ["debug", "REBOUND_LOG"])
        #expect(rows["dataFolder"]?.first == "/srv/rebound")
        #expect(rows["haltFile"] == ["/srv/rebound/HALT", "default"])
        #expect(rows["log.format"] == ["text", "default"])
    }

    @Test("every problem of file, environment and options is said at once, with a near miss")
    func problems() throws {
        let broken = Self.file.replacing("listen:", with: "lisen:").replacing("notice", with: "notise")
        let run = try check(broken, environment: ["REBOUND_HALT_FILE": "halt"], "--listen", "here")
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.notices.contains("-:4:1: lisen: unknown field; did you mean listen?"))
        #expect(run.notices.contains("log.level: must be one of") && run.notices.contains("did you mean notice?"))
        #expect(run.notices.contains("REBOUND_HALT_FILE (haltFile): must be an absolute path"))
        #expect(run.notices.contains("--listen (listen[0]): must be an IP address"))
        #expect(run.notices.contains("error: 4 problems in the configuration\nhint: "))
    }

    @Test("what it prints as YAML is a configuration that says the same")
    func roundTrip() throws {
        let first = try check(Self.file, "-o", "yaml")
        let second = try check(first.output, "-o", "yaml")
        #expect(first.status == 0 && second.status == 0)
        #expect(first.output == second.output)
    }

    @Test(
        "addresses are an IP address or localhost with a port",
        arguments: [
            ("127.0.0.1:0", true), ("[::1]:7443", true), ("localhost:1", true), ("::1:7443", false), ("0.0.0.0", false),
            ("0.0.0.0:65536", false), ("0.0.0.0:01", false), ("chaos.example:7443", false), (":7443", false),
        ])
    func addresses(text: String, isGood: Bool) { #expect((ListenAddress(text) != nil) == isGood) }
}
