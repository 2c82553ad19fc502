// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@Suite("NameResolver")
struct NameResolverTests {
    /// A client on a loop of its own whose names are looked up by a closure.
    private func client(_ lookUp: @escaping @Sendable (String) -> Result<[String], NameError>) throws -> HTTPClient {
        let names = NameResolver(lifetime: .seconds(3600), maximumThreads: 2, lookUp: lookUp)
        return HTTPClient(configuration: .init(), on: try EventLoop(threadName: "test"), names: names)
    }

    @Test("a name is looked up once for many requests, and its first address that answers is used")
    func once() async throws {
        let server = RawServer.answering(body: "here")
        let asked = Mutex(0)
        let client = try client { _ in
            asked.withLock { $0 += 1 }
            return .success(["127.0.0.3", "127.0.0.1"])
        }
        let url = "http://web.test:\(server.port)/"
        for _ in 0..<3 {
            let response = try await client.send(HTTPRequest(url: url, timeouts: ample))
            #expect(response.body == Array("here".utf8))
        }
        #expect(asked.withLock { $0 } == 1)
        #expect(server.requests.first?.contains("Host: web.test:\(server.port)") == true)
    }

    @Test("a name without an address is cannotResolve, and nothing was sent")
    func unknown() async throws {
        let client = try client { .failure(NameError(message: "\($0) is not known.", isOurTrouble: false)) }
        let error = try #require(await failure(of: client, HTTPRequest(url: "http://web.test/", timeouts: ample)))
        #expect(error.code == .cannotResolve && !error.requestMayHaveBeenSent)
        #expect(error.message.contains("web.test is not known."))
    }

    @Test("a resolver that hangs holds a request no longer than its time to connect, and no other name")
    func hung() async throws {
        let gate = Gate()
        let server = RawServer.answering()
        let client = try client { name in
            if name == "hung.test" { gate.wait() }
            return .success(["127.0.0.1"])
        }
        let short = HTTPTimeouts(connect: .milliseconds(50), total: .seconds(900))
        let hung = HTTPRequest(url: "http://hung.test:\(server.port)/", timeouts: short)
        for _ in 0..<3 {
            let error = try #require(await failure(of: client, hung))
            #expect(error.code == .connectTimedOut && !error.requestMayHaveBeenSent)
        }
        let other = HTTPRequest(url: "http://other.test:\(server.port)/", timeouts: ample)
        #expect(try await client.send(other).status == 200)
        gate.open()
    }

    @Test("numbers and localhost need no resolver", arguments: ["127.0.0.1", "localhost"])
    func direct(host: String) async throws {
        let server = RawServer.answering()
        let client = try client { _ in .failure(NameError(message: "asked", isOurTrouble: false)) }
        let request = HTTPRequest(url: "http://\(host):\(server.port)/", timeouts: ample)
        #expect(try await client.send(request).status == 200)
    }

    @Test("the system's resolver knows this machine's own name for itself, and not an invalid one")
    func system() {
        #expect((try? askSystemResolver("localhost").get())?.isEmpty == false)
        guard case .failure(let error) = askSystemResolver("no-such-host.invalid") else {
            Issue.record("an address for a name that RFC 6761 keeps from having one")
            return
        }
        #expect(!error.isOurTrouble)
    }
}
