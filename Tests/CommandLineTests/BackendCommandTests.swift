// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import Glibc
import TestSupport
import Testing

/// A manifest in a file of its own.
private func file(_ desk: Desk, _ text: String) -> String {
    mkdir(desk.folder, 0o700)
    let path = desk.folder + "/manifest.yaml"
    let file = fopen(path, "w")
    fputs(text, file)
    fclose(file)
    return path
}

private func policy(_ targets: Int, labels: String = "") -> String {
    """
    apiVersion: rebound.chaos/v1
    kind: Policy
    metadata: { name: caps\(labels.isEmpty ? "" : ", labels: { \(labels) }") }
    spec: { maxTargetsPerRun: \(targets) }
    """
}

@Suite("The same verbs on the local store")
struct StoreVerbTests {
    private let desk = Desk()

    @Test("apply creates, configures, and leaves alone what is as it should be")
    func apply() async throws {
        #expect(await desk.run("apply", "-f", file(desk, policy(3, labels: "a: one, b: two"))) == .pass)
        #expect(await desk.run("apply", "-f", file(desk, policy(3, labels: "a: one, b: two"))) == .pass)
        #expect(await desk.run("apply", "--dry-run", "client", "-f", file(desk, policy(4))) == .pass)
        #expect(await desk.run("apply", "-f", file(desk, policy(4, labels: "a: one"))) == .pass)
        #expect(
            desk.output == """
                policy.rebound.chaos/caps created
                policy.rebound.chaos/caps unchanged
                policy.rebound.chaos/caps configured (dry run)
                policy.rebound.chaos/caps configured

                """)
        let other = Desk()
        defer { unlink(desk.folder + "/manifest.yaml") }
        #expect(await other.perform(["get", "policy", "caps", "-o", "yaml", "--store", desk.path]) == .pass)
        #expect(other.output.contains("maxTargetsPerRun: 4") && other.output.contains("a: one"))
        #expect(!other.output.contains("b: two"))
    }

    @Test("get writes names and wide tables, and says what it does not know")
    func get() async throws {
        #expect(await desk.run("apply", "-f", file(desk, policy(3, labels: "team: shop"))) == .pass)
        unlink(desk.folder + "/manifest.yaml")
        #expect(await desk.run("get", "policies", "-o", "name", "-l", "team=shop") == .pass)
        #expect(await desk.run("get", "pol/caps", "-o", "wide") == .pass)
        #expect(desk.output.contains("policy.rebound.chaos/caps\n") && desk.output.contains("team=shop"))
        #expect(await desk.run("get", "policies", "-l", "team=other") == .pass)
        #expect(desk.errors.contains("no policies found"))
        #expect(await desk.run("get", "polices") == .usage)
        #expect(desk.errors.contains("hint: Did you mean policies?"))
        #expect(await desk.run("get", "policy", "cap") == .error)
        #expect(desk.errors.contains("error: there is no policy cap\nhint: Did you mean caps?"))
        #expect(await desk.run("describe", "policy", "caps") == .pass)
        #expect(desk.output.contains("Policy caps") && desk.output.contains("  maxTargetsPerRun: 3"))
    }

    @Test("delete waits until what is deleted is gone, and wait sees it")
    func delete() async throws {
        #expect(await desk.run("apply", "-f", file(desk, policy(3))) == .pass)
        unlink(desk.folder + "/manifest.yaml")
        #expect(await desk.run("delete", "policy", "caps", "--dry-run") == .pass)
        #expect(await desk.run("wait", "policy/caps", "--for=delete", "--timeout=10ms") == .fail)
        #expect(await desk.run("delete", "policy", "caps") == .pass)
        #expect(await desk.run("wait", "policy/caps", "--for=delete") == .pass)
        #expect(await desk.run("delete", "policy", "caps") == .error)
        #expect(await desk.run("delete", "policy", "caps", "--ignore-not-found") == .pass)
        #expect(await desk.run("delete", "policies") == .usage)
    }

    @Test("a run that is under way stays after it was deleted", arguments: RunPhase.allCases)
    func deleteRun(phase: RunPhase) async throws {
        try await desk.keepSampleRun(phase: phase)
        let name = Samples.run.metadata.name
        #expect(await desk.run("delete", "run", name, "--no-wait") == .pass)
        #expect(await desk.run("describe", "run", name) == (phase == .done ? .error : .pass))
    }

    @Test("logs, events, top and wait tell of a run")
    func run() async throws {
        try await desk.keepSampleRun()
        let name = Samples.run.metadata.name
        #expect(await desk.run("logs", name, "-f") == .pass)
        #expect(await desk.run("events", "--run", name, "-o", "json") == .pass)
        #expect(await desk.run("wait", "run/" + name, "--for=phase=Done") == .pass)
        #expect(await desk.run("wait", "run", name, "--for=verdict=fail") == .fail)
        #expect(await desk.run("top") == .pass)
        #expect(desk.output.contains("rebound top  0 active runs, 0 injections under way"))
        #expect(desk.output.contains("\"run\":\"\(name)\""))
        #expect(await desk.run("report", name, "-o", "junit") == .pass)
        #expect(desk.output.contains("<testsuites name=\"rebound\" tests="))
    }

    @Test("a server and a store exclude each other")
    func both() async {
        #expect(await desk.run("get", "runs", "--server", "https://a.example") == .usage)
        #expect(await desk.perform(["whoami"]) == .usage)
    }
}

@Suite("The same verbs on a server")
struct ServerVerbTests {
    private let desk = Desk()

    /// Answers like a server that keeps one policy.
    private func server() -> RawServer {
        RawServer { connection in
            while let request = connection.readRequest() {
                let words = request.split(separator: " ")
                let kept = """
                    {"apiVersion":"rebound.chaos/v1","kind":"Policy","metadata":{"name":"caps","resourceVersion":"4",\
                    "uid":"u"},"spec":{"maxTargetsPerRun":3}}
                    """
                let missing = #"{"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"no"}"#
                let denied =
                    #"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"not you"}"#
                let (status, body): (String, String) =
                    switch (words[0], words[1].split(separator: "?")[0]) {
                    case ("GET", "/apis/rebound.chaos/v1/policies/caps"): ("200 OK", kept)
                    case ("PUT", "/apis/rebound.chaos/v1/policies/caps"): ("200 OK", kept)
                    case ("GET", "/apis/rebound.chaos/v1/policies"):
                        ("200 OK", #"{"metadata":{"resourceVersion":"9"},"items":[\#(kept)]}"#)
                    case ("POST", _): ("403 Forbidden", denied)
                    default: ("404 Not Found", missing)
                    }
                connection.write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
    }

    @Test("resources are listed, applied and refused as the server says")
    func verbs() async throws {
        let server = server()
        let place = ["--server", server.url("")]
        #expect(await desk.perform(["get", "policies", "-o", "name"] + place) == .pass)
        #expect(desk.output == "policy.rebound.chaos/caps\n")
        #expect(await desk.perform(["apply", "-f", file(desk, policy(5))] + place) == .pass)
        unlink(desk.folder + "/manifest.yaml")
        #expect(desk.output.hasSuffix("policy.rebound.chaos/caps configured\n"))
        let put = server.requests.first { $0.hasPrefix("PUT") } ?? ""
        #expect(put.contains("\"resourceVersion\":\"4\"") && put.contains("\"maxTargetsPerRun\":5"))
        #expect(await desk.perform(["get", "policy", "nothing"] + place) == .error)
        #expect(await desk.perform(["halt", "--reason", "drill"] + place) == .error)
        #expect(desk.errors.contains("error: not you\nhint: Ask an admin for a role"))
    }

    @Test("a server that is not there is an error that names it")
    func nobody() async {
        #expect(await desk.perform(["halt", "--reason", "drill", "--server", "http://127.0.0.1:1"]) == .error)
        #expect(desk.errors.contains("127.0.0.1"))
    }
}

@Suite("Slips on the command line")
struct SlipTests {
    @Test(
        "a misspelt verb gets the one that was meant",
        arguments: [
            (["plann"], "rebound plan"), (["tken", "list"], "rebound token"), (["token", "lst"], "rebound token list"),
        ])
    func slips(arguments: [String], meant: String) throws {
        let result = try ProgramRun(arguments)
        #expect(result.status == 2 && result.notices.contains("hint: Did you mean `\(meant)`?"))
    }

    @Test("explain without a path lists the kinds")
    func kinds() throws {
        let result = try ProgramRun(["explain"])
        #expect(result.status == 0)
        for kind in ResourceKind.allCases { #expect(result.output.contains(kind.rawValue)) }
    }
}
