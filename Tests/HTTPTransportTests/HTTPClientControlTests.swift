// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("HTTPClient: control")
struct HTTPClientControlTests {
    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test("cancelling the task aborts the transfer, and the error says that it may have been sent")
    func cancelled() async throws {
        let (arrived, continuation) = AsyncStream<Void>.makeStream()
        let closed = Gate()
        let server = RawServer { connection in
            _ = connection.readRequest()
            continuation.yield()
            connection.waitForEnd()
            closed.open()
        }
        let task = Task { await failure(of: client, HTTPRequest(method: "POST", url: server.url(), timeouts: ample)) }
        for await _ in arrived { break }
        task.cancel()
        let error = try #require(await task.value)
        #expect(error.code == .cancelled && error.requestMayHaveBeenSent)
        await closed.passed()
    }

    @Test("a task that was cancelled before sends nothing")
    func cancelledBefore() async throws {
        let server = RawServer.answering()
        let start = Gate()
        let task = Task {
            start.wait()
            return await failure(of: client, HTTPRequest(url: server.url(), timeouts: ample))
        }
        task.cancel()
        start.open()
        let error = try #require(await task.value)
        #expect(error.code == .cancelled && !error.requestMayHaveBeenSent)
        #expect(server.requests.isEmpty)
    }

    @Test("closing fails what is under way and refuses what comes")
    func closed() async throws {
        let (arrived, continuation) = AsyncStream<Void>.makeStream()
        let server = RawServer { connection in
            _ = connection.readRequest()
            continuation.yield()
            connection.waitForEnd()
        }
        let request = HTTPRequest(url: server.url(), timeouts: ample)
        let task = Task { await failure(of: client, request) }
        for await _ in arrived { break }
        client.close()
        client.close()
        #expect(await task.value?.code == .closed)
        let later = try #require(await failure(of: client, request))
        #expect(later.code == .closed && !later.requestMayHaveBeenSent)
    }

    @Test(
        "nothing that could smuggle a line or leave HTTP is sent",
        arguments: [
            HTTPRequest(method: "GET / HTTP/1.1\r\nX: y", url: "http://127.0.0.1/", timeouts: ample),
            HTTPRequest(method: "", url: "http://127.0.0.1/", timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/\r\nX: y", timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/\0", timeouts: ample),
            HTTPRequest(url: "file:///etc/passwd", timeouts: ample),
            HTTPRequest(url: "gopher://127.0.0.1/", timeouts: ample),
            HTTPRequest(url: "http://user:password@127.0.0.1/", timeouts: ample),
            HTTPRequest(url: "127.0.0.1", timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1:99999/", timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/", headers: [HTTPHeader(name: "X\r\nY", value: "")], timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/", headers: [HTTPHeader(name: "X", value: "a\nB: c")], timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/", headers: [HTTPHeader(name: "X: a", value: "")], timeouts: ample),
            HTTPRequest(url: "http://127.0.0.1/", timeouts: HTTPTimeouts(connect: .zero, total: .seconds(1))),
            HTTPRequest(url: "http://127.0.0.1/", timeouts: HTTPTimeouts(connect: .seconds(1), total: .seconds(-1))),
        ])
    func refused(request: HTTPRequest) async throws {
        let error = try #require(await failure(of: client, request))
        #expect(error.code == .invalidURL && !error.requestMayHaveBeenSent && error.timings == nil)
        #expect(error.isOurTrouble)
    }

    @Test("redirects are the answer unless they are to be followed, and then at most so many")
    func redirects() async throws {
        let goal = RawServer.answering(body: "goal")
        let server = RawServer { connection in
            while let request = connection.readRequest() {
                let location = request.hasPrefix("GET /loop") ? "/loop" : goal.url()
                connection.write("HTTP/1.1 302 Found\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
            }
        }
        var request = HTTPRequest(url: server.url(), timeouts: ample)
        #expect(try await client.send(request).status == 302)
        request.redirects = .follow(limit: 1)
        #expect(try await client.send(request).body == Array("goal".utf8))
        request.redirects = .follow(limit: 0)
        #expect(await failure(of: client, request)?.code == .tooManyRedirects)
        request.url = server.url("/loop")
        request.redirects = .follow(limit: 7)
        #expect(await failure(of: client, request)?.code == .tooManyRedirects)
    }

    @Test("a redirect never leaves HTTP")
    func redirectToFile() async throws {
        let server = RawServer.answering(status: "302 Found", headers: ["Location: file:///etc/passwd"])
        var request = HTTPRequest(url: server.url(), timeouts: ample)
        request.redirects = .follow(limit: 5)
        #expect(await failure(of: client, request)?.code == .protocolError)
    }

    @Test("a body goes along with a redirect that keeps the method")
    func redirectWithBody() async throws {
        let goal = RawServer.answering()
        let server = RawServer.answering(status: "307 There", headers: ["Location: \(goal.url())"])
        var request = HTTPRequest(method: "POST", url: server.url(), body: Array("text".utf8), timeouts: ample)
        request.redirects = .follow(limit: 1)
        #expect(try await client.send(request).status == 200)
        #expect(goal.requests.first?.hasSuffix("\r\n\r\ntext") == true)
    }
}
