// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import ResourceClient
import Synchronization
import TestSupport
import Testing

private let policies = "/apis/rebound.chaos/v1/policies"

/// What a call threw.
private func failure(_ body: () async throws -> Void) async -> ClientError? {
    do {
        try await body()
        return nil
    } catch { return error as? ClientError }
}

@Suite("Paths")
struct ResourcePathTests {
    @Test(
        "names are escaped, so that none leads elsewhere",
        arguments: [
            ("web", "web"), ("a/b", "a%2Fb"), ("..", "%2E%2E"), ("a?b#c", "a%3Fb%23c"), ("a.b-c_d", "a.b-c_d"),
            ("ä", "%C3%A4"), ("a b", "a%20b"),
        ])
    func escaped(name: String, written: String) {
        let path = ResourcePath(.run, namespace: "team", name: name, subresource: "abort")
        #expect(path.description == "/apis/rebound.chaos/v1/namespaces/team/runs/\(written)/abort")
    }

    @Test("each kind has its place")
    func places() {
        #expect(ResourcePath(.run, namespace: nil).description == "/apis/rebound.chaos/v1/runs")
        #expect(ResourcePath(.policy, namespace: "x", name: "p").description == policies + "/p")
        #expect(ResourcePath(.namespace, namespace: nil).description == "/api/v1/namespaces")
        let query = ResourcePath(.policy, namespace: nil).with("labelSelector", "a=b,c").with("continue", nil)
        #expect(query.description == policies + "?labelSelector=a%3Db%2Cc")
    }
}

@Suite("Requests to a server")
struct RequestTests {
    @Test("a resource goes and comes as the wire has it")
    func roundTrip() async throws {
        let server = ScriptedServer([
            "GET \(policies)/p": [Answer(200, policy("p", version: 7))],
            "PUT \(policies)/p?dryRun=All": [Answer(200, policy("p", version: 8, targets: 2))],
            "PUT \(policies)/p/status": [Answer(200, policy("p", version: 9))],
            "PATCH \(policies)/p": [Answer(200, policy("p", version: 10))],
            "DELETE \(policies)/p": [Answer(200, "{}")],
        ])
        let client = try ResourceClient.testing(server.address)
        var kept = try await client.get(Policy.self, namespace: "", name: "p")
        #expect(kept.metadata.resourceVersion == "7" && kept.spec.maxTargetsPerRun == 1)
        kept.spec.maxTargetsPerRun = 2
        #expect(try await client.update(kept, dryRun: true).metadata.resourceVersion == "8")
        #expect(try await client.updateStatus(kept).metadata.resourceVersion == "9")
        _ = try await client.mergePatch(Policy.self, namespace: "", name: "p", patch: Array(#"{"spec":{}}"#.utf8))
        var options = DeletionOptions()
        options.uid = "u-p"
        options.propagation = .background
        try await client.delete(kept.key, options: options)
        let sent = server.requests
        #expect(sent[0].contains("User-Agent: test/1\r\n") && !sent[0].contains("Authorization"))
        #expect(sent[1].contains(#""maxTargetsPerRun":2"#) && sent[1].contains(#""resourceVersion":"7""#))
        #expect(sent[3].contains("Content-Type: application/merge-patch+json") && sent[3].hasSuffix(#"{"spec":{}}"#))
        #expect(sent[4].contains(#""preconditions":{"uid":"u-p"}"#) && sent[4].contains(#""Background""#))
    }

    @Test("every refusal is an error of its own kind, with the fields that are wrong")
    func refusals() async throws {
        let cases: [(Answer, ClientError.Code)] = [
            (.failure(401, "Unauthorized", "no"), .unauthorized), (.failure(403, "Forbidden", "no"), .forbidden),
            (.failure(404, "NotFound", "no"), .notFound), (.failure(409, "AlreadyExists", "no"), .alreadyExists),
            (.failure(409, "Conflict", "no"), .conflict), (.failure(410, "Expired", "no"), .expired),
            (.failure(422, "Invalid", "no"), .invalid), (.failure(413, "RequestEntityTooLarge", "no"), .tooLarge),
            (.failure(405, "MethodNotAllowed", "no"), .unsupported),
            (.failure(500, "InternalError", "no"), .serverFailed),
            (Answer(200, "<html>"), .undecodable), (Answer(400, "<html>"), .invalid), (Answer(302, ""), .undecodable),
        ]
        for (answer, code) in cases {
            let server = ScriptedServer(["GET \(policies)/p": [answer]])
            let client = try ResourceClient.testing(server.address)
            let error = await failure { _ = try await client.get(Policy.self, namespace: "", name: "p") }
            #expect(error?.code == code, "\(answer.status) \(answer.body)")
            #expect(server.requests.count == 1)
        }
        let details =
            #"{"causes":[{"reason":"FieldValueInvalid","message":"too many","field":"spec.maxTargetsPerRun"}]}"#
        let server = ScriptedServer(["POST \(policies)": [.failure(422, "Invalid", "is invalid", details: details)]])
        let client = try ResourceClient.testing(server.address)
        let error = await failure {
            _ = try await client.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        }
        #expect(error?.causes.map(\.field) == ["spec.maxTargetsPerRun"] && error?.message == "is invalid")
        #expect(error?.status == 422 && error?.reason == "Invalid" && error?.mayHaveBeenDone == false)
    }

    @Test("a list comes in parts, and begins anew once when it became too old half way")
    func pages() async throws {
        let first = "GET \(policies)?limit=2", second = "GET \(policies)?limit=2&continue=t1"
        let server = ScriptedServer([
            first: [policyList([policy("a", version: 1), policy("b", version: 2)], version: 5, continueToken: "t1")],
            second: [.failure(410, "Expired", "too old"), policyList([policy("c", version: 3)], version: 5)],
        ])
        let client = try ResourceClient.testing(server.address)
        let page = try await client.list(Policy.self, namespace: nil, selection: ListSelection(), limit: 2)
        #expect(page.items.map(\.metadata.name) == ["a", "b", "c"] && page.resourceVersion == "5")
        #expect(server.seen.withLock { $0 } == [first, second, first, second])
    }

    @Test("the texts of Warning fields are told")
    func warnings() async throws {
        let answer = Answer(200, policy("p", version: 1), headers: [#"Warning: 299 - "spec.old is \"gone\" soon""#])
        let server = ScriptedServer(["GET \(policies)/p": [answer]])
        let told = Mutex<[String]>([])
        let client = try ResourceClient.testing(server.address) { text in told.withLock { $0.append(text) } }
        _ = try await client.get(Policy.self, namespace: "", name: "p")
        #expect(told.withLock { $0 } == [#"spec.old is \"gone\" soon"#])
    }
}

@Suite("Repeating requests")
struct RepeatTests {
    private let ok = Answer(200, policy("p", version: 1))

    @Test("a read is repeated while the trouble passes, so often and no more", arguments: [1, 2, 3, 4])
    func reads(failures: Int) async throws {
        let troubles = [Answer](repeating: .failure(503, "ServiceUnavailable", "no"), count: failures)
        let server = ScriptedServer(["GET \(policies)/p": troubles + [ok]])
        let clock = QuickClock()
        let client = try ResourceClient.testing(server.address, clock: clock)
        let error = await failure { _ = try await client.get(Policy.self, namespace: "", name: "p") }
        #expect((error == nil) == (failures < 4))
        #expect(server.requests.count == min(4, failures + 1))
        #expect(clock.waits.withLock { $0.count } == min(3, failures))
    }

    @Test("a read is repeated on a new connection when the old one dies")
    func brokenRead() async throws {
        let count = Atomic(0)
        let server = RawServer { [ok] connection in
            _ = connection.readRequest()
            if count.wrappingAdd(1, ordering: .relaxed).oldValue == 0 { return connection.reset() }
            connection.write(ok.text)
        }
        let client = try ResourceClient.testing(server.url(""))
        #expect(try await client.get(Policy.self, namespace: "", name: "p").metadata.name == "p")
        #expect(server.requests.count == 2)
    }

    @Test("a write that may have arrived is never repeated", arguments: ["reset", "503", "504"])
    func brokenWrite(trouble: String) async throws {
        let server = RawServer { connection in
            _ = connection.readRequest()
            if trouble == "reset" { return connection.reset() }
            connection.write(Answer(Int(trouble) ?? 0).text)
        }
        let client = try ResourceClient.testing(server.url(""))
        let error = await failure {
            _ = try await client.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        }
        #expect(error?.mayHaveBeenDone == true)
        #expect(server.requests.count == 1)
    }

    @Test("a write that was turned away is repeated, when the server said it could be")
    func turnedAway() async throws {
        let later = Answer(429, "", headers: ["Retry-After: 7"])
        let server = ScriptedServer(["POST \(policies)": [later, Answer(201, policy("p", version: 1))]])
        let clock = QuickClock()
        let client = try ResourceClient.testing(server.address, clock: clock)
        _ = try await client.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        #expect(server.requests.count == 2)
        #expect(clock.waits.withLock { $0.allSatisfy { $0 > .seconds(6) && $0 <= .seconds(7) } })
    }

    @Test("a server that is not there is tried again, and named in the error")
    func nobody() async throws {
        let clock = QuickClock()
        let port = unusedPort()
        let client = try ResourceClient.testing("http://127.0.0.1:\(port)", clock: clock)
        let error = await failure {
            _ = try await client.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        }
        #expect(error?.code == .unreachable && error?.mayHaveBeenDone == false)
        #expect(error?.message.contains("127.0.0.1") == true && error?.message.contains("\(port)") == true)
        #expect(clock.waits.withLock { $0.count } == 3)
    }

    @Test("waits double up to the limit, and lie in their range")
    func waits() {
        let schedule = RetrySchedule(first: .milliseconds(100), most: .seconds(5))
        func milliseconds(_ failures: Int, _ chance: Double) -> Int64 {
            let wait = schedule.wait(afterFailures: failures, chance: chance)
            return Int64((wait / .milliseconds(1)).rounded())
        }
        #expect(milliseconds(1, 0) == 10 && milliseconds(1, 0.5) == 55)
        #expect(milliseconds(4, 0.5) == 440 && milliseconds(1_000_000, 0) == 500)
        for failures in 1...40 { #expect(schedule.wait(afterFailures: failures, chance: 0.999) < .seconds(5)) }
    }
}
