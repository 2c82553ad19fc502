// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import ResourceClient
import Synchronization
import TestSupport
import Testing

private let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"

private func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }
private func bookmark(_ version: Int) -> String {
    event("BOOKMARK", #"{"kind":"Policy","metadata":{"resourceVersion":"\#(version)"}}"#)
}
private let gone = event("ERROR", #"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#)

@Suite("Watches")
struct WatchTests {
    private func watch(_ body: String) async throws -> ResourceWatch<Policy> {
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(head + body)
        }
        let client = try ResourceClient.testing(server.url(""))
        let watch = try await client.watch(
            Policy.self, namespace: nil, selection: ListSelection(labelSelector: "a=b"), after: "5",
            lifetime: .seconds(60))
        let line = server.requests.first?.split(separator: " ")[1]
        #expect(
            line == """
                /apis/rebound.chaos/v1/policies?watch=true&allowWatchBookmarks=true&resourceVersion=5\
                &labelSelector=a%3Db&timeoutSeconds=60
                """)
        return watch
    }

    @Test("every kind of event comes in order, with the version it stands for")
    func events() async throws {
        let body =
            event("ADDED", policy("a", version: 6)) + event("MODIFIED", policy("a", version: 7)) + "\n" + bookmark(9)
            + event("DELETED", policy("a", version: 10))
        var words: [String] = []
        for try await event in try await watch(body) {
            switch event {
            case .added(let policy): words.append("added \(policy.metadata.name)")
            case .modified(let policy): words.append("modified \(policy.metadata.name)")
            case .deleted(let policy): words.append("deleted \(policy.metadata.name)")
            case .bookmark(let version, let ends): words.append("bookmark \(version) \(ends)")
            }
            words.append(event.resourceVersion ?? "none")
        }
        #expect(words == ["added a", "6", "modified a", "7", "bookmark 9 false", "9", "deleted a", "10"])
    }

    @Test("an event whose line is not there yet whole waits for the rest", arguments: [1, 7, 64])
    func pieces(size: Int) async throws {
        let bytes = Array((event("ADDED", policy("ä-€", version: 6)) + bookmark(7)).utf8)
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(head)
            for start in stride(from: 0, to: bytes.count, by: size) {
                connection.write(Array(bytes[start..<min(start + size, bytes.count)]))
            }
        }
        let client = try ResourceClient.testing(server.url(""))
        let watch = try await client.watch(
            Policy.self, namespace: nil, selection: ListSelection(), after: "5", lifetime: .seconds(60))
        var versions: [String?] = []
        for try await event in watch { versions.append(event.resourceVersion) }
        #expect(versions == ["6", "7"])
    }

    @Test("a version that is no longer known is .expired, said by the status or by an event")
    func expired() async throws {
        let error = await #expect(throws: ClientError.self) {
            for try await _ in try await watch(bookmark(6) + gone) {}
        }
        #expect(error?.code == .expired)
        let server = ScriptedServer([:])
        let answering = RawServer.answering(status: "410 Gone", body: Answer.failure(410, "Expired", "old").body)
        let client = try ResourceClient.testing(answering.url(""))
        let early = await #expect(throws: ClientError.self) {
            _ = try await client.watch(
                Policy.self, namespace: nil, selection: ListSelection(), after: "5", lifetime: .seconds(1))
        }
        #expect(early?.code == .expired && early?.message == "old")
        #expect(server.requests.isEmpty)
    }

    @Test(
        "what is no event is an error that says where", arguments: ["{}", "nonsense", #"{"type":"NEW","object":{}}"#])
    func nonsense(line: String) async throws {
        let error = await #expect(throws: ClientError.self) { for try await _ in try await watch(line + "\n") {} }
        #expect(error?.code == .undecodable && error?.message.contains("policies") == true)
    }

    @Test("a watch that stays silent for too long ends as unreachable")
    func silent() async throws {
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(head + bookmark(6))
            connection.waitForEnd()
        }
        let client = try ResourceClient.testing(server.url(""), silence: .milliseconds(50))
        let watch = try await client.watch(
            Policy.self, namespace: nil, selection: ListSelection(), after: "5", lifetime: .seconds(60))
        var seen = 0
        let error = await #expect(throws: ClientError.self) { for try await _ in watch { seen += 1 } }
        #expect(error?.code == .unreachable && seen == 1)
    }
}

@Suite("Reflector")
struct ReflectorTests {
    /// Runs until `count` steps were told, and gives them as words.
    private func steps(
        _ count: Int, clock: QuickClock = QuickClock(), _ script: @escaping @Sendable (String, RawConnection) -> Void
    ) async throws -> [String] {
        let server = RawServer { connection in
            guard let request = connection.readRequest() else { return }
            script(String(request.split(separator: " ")[1].split(separator: "?").last ?? ""), connection)
        }
        let client = try ResourceClient.testing(server.url(""), clock: clock)
        let reflector = Reflector<Policy>(
            client, namespace: nil, selection: ListSelection(),
            schedule: RetrySchedule(first: .milliseconds(100), most: .seconds(1)))
        struct Enough: Error {}
        var words: [String] = []
        do {
            try await reflector.run { step in
                words.append(Self.word(step))
                if words.count == count { throw Enough() }
            }
        } catch is Enough {}
        return words
    }

    private static func word(_ step: ReflectorStep<Policy>) -> String {
        switch step {
        case .replaced(let items, let version): "list@\(version):" + items.map(\.metadata.name).joined(separator: ",")
        case .added(let policy): "+\(policy.metadata.name)"
        case .modified(let policy): "~\(policy.metadata.name)"
        case .deleted(let policy): "-\(policy.metadata.name)"
        case .current(let version): "@\(version)"
        case .trouble(let error, _): "trouble:\(error.code)"
        }
    }

    private static func version(_ query: String) -> Int? {
        query.split(separator: "&").first { $0.hasPrefix("resourceVersion=") }.flatMap { Int($0.dropFirst(16)) }
    }

    @Test("lists, watches, and goes on from the last version when the server ends the watch")
    func resumes() async throws {
        let words = try await steps(6) { query, connection in
            switch Self.version(query) {
            case nil: connection.write(policyList([policy("a", version: 3)], version: 5).text)
            case 5: connection.write(head + event("ADDED", policy("b", version: 6)) + bookmark(8))
            case 8: connection.write(head + event("MODIFIED", policy("a", version: 9)))
            case 9: connection.write(head + event("DELETED", policy("a", version: 11)) + bookmark(12))
            default: connection.write(head)
            }
        }
        #expect(words == ["list@5:a", "+b", "@8", "~a", "-a", "@12"])
    }

    @Test("lists again at once when the version is no longer known, and loses nothing", arguments: ["status", "event"])
    func relists(way: String) async throws {
        let lists = Atomic(0)
        let clock = QuickClock()
        let words = try await steps(4, clock: clock) { query, connection in
            switch Self.version(query) {
            case nil:
                let number = lists.wrappingAdd(1, ordering: .relaxed).newValue
                connection.write(policyList([policy("p\(number)", version: 1)], version: number * 10).text)
            case 10 where way == "status": connection.write(Answer.failure(410, "Expired", "old").text)
            case 10: connection.write(head + gone)
            default: connection.write(head + bookmark(21) + event("ADDED", policy("q", version: 22)))
            }
        }
        #expect(words == ["list@10:p1", "list@20:p2", "@21", "+q"])
        #expect(clock.waits.withLock { $0.isEmpty })
    }

    @Test("tells trouble, waits longer each time, and goes on from where it was")
    func troubles() async throws {
        let tries = Atomic(0)
        let clock = QuickClock()
        let words = try await steps(6, clock: clock) { query, connection in
            guard Self.version(query) != nil else { return _ = connection.write(policyList([], version: 5).text) }
            let number = tries.wrappingAdd(1, ordering: .relaxed).newValue
            if number <= 3 { return connection.reset() }
            connection.write(head + event("ADDED", policy("after-\(Self.version(query) ?? 0)", version: 6)))
            connection.reset()
        }
        #expect(
            words == [
                "list@5:", "trouble:unreachable", "trouble:unreachable", "trouble:unreachable", "+after-5",
                "trouble:unreachable",
            ])
        let waits = clock.waits.withLock { $0 }
        #expect(waits.count == 3 && zip(waits, waits.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("a server that ends every watch without a word is not asked without a pause")
    func wordless() async throws {
        let words = try await steps(3) { query, connection in
            if Self.version(query) == nil { connection.write(policyList([], version: 5).text) }
            connection.write(head)
        }
        #expect(words == ["list@5:", "trouble:unavailable", "trouble:unavailable"])
    }

    @Test("an event that cannot be read leads to a fresh list")
    func unreadable() async throws {
        let words = try await steps(3) { query, connection in
            if Self.version(query) == nil { return _ = connection.write(policyList([], version: 5).text) }
            connection.write(head + event("ADDED", "{}"))
        }
        #expect(words == ["list@5:", "trouble:undecodable", "list@5:"])
    }

    @Test("cancelling ends it")
    func cancelled() async throws {
        let server = RawServer { connection in
            guard let request = connection.readRequest() else { return }
            if !request.contains("watch=true") { return _ = connection.write(policyList([], version: 5).text) }
            connection.write(head + bookmark(6))
            connection.waitForEnd()
        }
        let client = try ResourceClient.testing(server.url(""))
        let reflector = Reflector<Policy>(
            client, namespace: nil, selection: ListSelection(),
            schedule: RetrySchedule(first: .seconds(1), most: .seconds(1)))
        let (told, telling) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await reflector.run { step in if case .current = step { telling.yield() } }
        }
        for await _ in told { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
