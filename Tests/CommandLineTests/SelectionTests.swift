// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import FoundationEssentials
import Testing

@Suite("Choosing resources")
struct SelectionTests {
    @Test(
        "labels choose as in Kubernetes",
        arguments: [
            ("a=1", true), ("a==1", true), ("a=2", false), ("a!=2", true), ("c!=2", true), ("a", true), ("c", false),
            ("!c", true), ("!a", false), ("a in (1,2)", true), ("a notin (1,2)", false), ("c notin (1)", true),
            ("a=1,b=x", true), ("a=1,b=y", false), ("a in (1, 2), b in (x)", true),
        ])
    func labels(text: String, isTaken: Bool) throws {
        #expect(try LabelSelector(text).matches(["a": "1", "b": "x"]) == isTaken)
    }

    @Test("what is no choice by labels is refused", arguments: ["", "a=1,", "=1", "a=b=c", "a in 1", "(", "a b"])
    func wrongLabels(text: String) {
        #expect(throws: CommandFailure.self) { try LabelSelector(text) }
    }

    @Test(
        "fields choose by their path; one that is not there is empty",
        arguments: [
            ("metadata.name=p", true), ("metadata.name!=p", false), ("spec.maxTargetsPerRun=3", true),
            ("status.phase=", true), ("status.phase=Done", false), ("metadata.name=p,spec.maxTargetsPerRun=4", false),
        ])
    func fields(text: String, isTaken: Bool) throws {
        var policy = Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec())
        policy.spec.maxTargetsPerRun = 3
        #expect(try FieldSelector(text).matches(policy) == isTaken)
    }

    @Test(
        "what is waited for is read, in any case of its words",
        arguments: [
            ("phase=done", WaitCondition.phase("Done")), ("delete", .delete), ("verdict=PASS", .verdict(.pass)),
            ("state=reverted", .state(.reverted)), ("condition=Ready", .condition(type: "Ready", status: "True")),
            ("condition=Ready=false", .condition(type: "Ready", status: "False")),
        ])
    func conditions(text: String, condition: WaitCondition) throws {
        #expect(try WaitCondition(text) == condition)
    }

    @Test("a slip in what is waited for gets its near miss")
    func slip() {
        let failure = #expect(throws: CommandFailure.self) { try WaitCondition("phase=Dome") }
        #expect(failure?.hint == "Did you mean Done?")
    }
}

@Suite("The file of contexts")
struct KubeconfigTests {
    private var context: ServerContext {
        var context = ServerContext(server: "https://rebound.example:7443")
        context.namespace = "shop"
        context.serverName = "rebound"
        context.authoritiesPEM = Array("-----BEGIN CERTIFICATE-----\nA\n".utf8)
        context.credential = .certificate(chainPEM: Array("chain".utf8), keyPEM: Array("key".utf8))
        return context
    }

    @Test("what is kept is read back, and what others wrote in the file stays")
    func roundTrip() throws {
        let before = """
            apiVersion: v1
            kind: Config
            preferences: { colors: true, scale: on }
            clusters: [{ name: other, cluster: { server: "https://other.example" } }]
            contexts: [{ name: other, context: { cluster: other } }]
            current-context: other
            """
        var file = try KubeconfigFile(path: "/x/config", bytes: Array(before.utf8))
        file.keep(context, as: "rebound")
        let again = try KubeconfigFile(path: "/x/config", bytes: Array(file.text.utf8))
        #expect(again.contextNames == ["other", "rebound"] && again.currentContext == "rebound")
        let kept = try again.context(named: "rebound")
        #expect(kept.server == context.server && kept.namespace == "shop" && kept.serverName == "rebound")
        #expect(kept.authoritiesPEM == context.authoritiesPEM)
        guard case .certificate(let chain, let key) = kept.credential else {
            Issue.record("the certificate is lost")
            return
        }
        #expect(chain == Array("chain".utf8) && key == Array("key".utf8))
        #expect(again.text.contains("colors: true") && again.text.contains("scale: on\n") && file.text == again.text)
    }

    @Test(
        "what would weaken the connection, or cannot be spoken, is refused by name",
        arguments: ["insecure-skip-tls-verify: true", "exec", "username"])
    func refused(what: String) {
        let cluster = what.hasPrefix("insecure") ? ", \(what)" : ""
        let user = what.hasPrefix("insecure") ? "token: t" : "\(what): x"
        let text = """
            apiVersion: v1
            kind: Config
            clusters: [{ name: c, cluster: { server: "https://a.example"\(cluster) } }]
            users: [{ name: u, user: { \(user) } }]
            contexts: [{ name: x, context: { cluster: c, user: u } }]
            """
        let failure = #expect(throws: CommandFailure.self) {
            try KubeconfigFile(path: "f", bytes: Array(text.utf8)).context(named: "x")
        }
        #expect(failure?.message.contains(what.prefix { $0 != ":" }) == true)
    }

    @Test("a context that is not there gets its near miss")
    func missing() throws {
        var file = KubeconfigFile(newAt: "f")
        file.keep(context, as: "production")
        let failure = #expect(throws: CommandFailure.self) { try file.context(named: "prodution") }
        #expect(failure?.hint == "Did you mean production?")
    }
}
