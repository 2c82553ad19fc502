// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

/// Enough for a loopback server while other suites keep every thread busy for minutes; no test waits for it.
let ample = HTTPTimeouts(connect: .seconds(900), total: .seconds(900))

@Suite("HTTPClient: answers")
struct HTTPClientAnswerTests {
    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test("status, header fields and body arrive as the server sent them")
    func wholeAnswer() async throws {
        let server = RawServer.answering(status: "418 I'm a teapot", headers: ["X-Kind:  tea \t"], body: "short")
        let response = try await client.send(HTTPRequest(url: server.url("/pot?x=1"), timeouts: ample))
        #expect(response.status == 418)
        #expect(response.header("x-KIND") == "tea")
        #expect(response.body == Array("short".utf8))
        #expect(response.remoteAddress == "127.0.0.1:\(server.port)")
        #expect(server.requests.first?.hasPrefix("GET /pot?x=1 HTTP/1.1\r\n") == true)
    }

    @Test("the timings lie in order between begun and ended")
    func timings() async throws {
        let server = RawServer.answering(body: "x")
        let before = monotonicNanoseconds()
        let timings = try await client.send(HTTPRequest(url: server.url(), timeouts: ample)).timings
        let after = monotonicNanoseconds()
        #expect(before <= timings.begun && timings.begun < timings.ended && timings.ended <= after)
        #expect(timings.total == .nanoseconds(timings.ended - timings.begun))
        #expect(.zero < timings.connect && timings.connect <= timings.firstByte && timings.firstByte <= timings.total)
        #expect(timings.tlsHandshake == .zero)
    }

    @Test("method, header fields and body reach the server as given", arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func requestAsGiven(method: String) async throws {
        let server = RawServer.answering()
        let request = HTTPRequest(
            method: method, url: server.url(),
            headers: [HTTPHeader(name: "X-Empty", value: ""), HTTPHeader(name: "Accept", value: "a/b")],
            body: Array("one=1".utf8), timeouts: ample)
        _ = try await client.send(request)
        let seen = try #require(server.requests.first)
        #expect(seen.hasPrefix("\(method) / HTTP/1.1\r\n"))
        #expect(seen.contains("\r\nX-Empty:\r\n") && seen.contains("\r\nAccept: a/b\r\n"))
        #expect(seen.contains("\r\nContent-Length: 5\r\n") && seen.hasSuffix("\r\n\r\none=1"))
        #expect(!seen.contains("Content-Type") && !seen.contains("Expect") && !seen.contains("Transfer-Encoding"))
    }

    @Test(
        "a request without a body announces a length only where one is expected", arguments: ["GET", "POST", "DELETE"])
    func emptyBody(method: String) async throws {
        let server = RawServer.answering()
        _ = try await client.send(HTTPRequest(method: method, url: server.url(), timeouts: ample))
        let seen = try #require(server.requests.first)
        #expect(seen.hasPrefix("\(method) / HTTP/1.1\r\n"))
        #expect(seen.contains("Content-Length: 0\r\n") == (method == "POST"))
    }

    @Test("HEAD has no body though the server announces a length")
    func head() async throws {
        let server = RawServer { connection in
            while connection.readRequest() != nil { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") }
        }
        let response = try await client.send(HTTPRequest(method: "HEAD", url: server.url(), timeouts: ample))
        #expect(response.status == 200 && response.body.isEmpty)
    }

    @Test("chunks and slow bytes become one body, interim answers are passed over")
    func chunkedAndSlow() async throws {
        let server = RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n")
            for byte in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8 {
                connection.write([byte])
            }
            connection.waitForEnd()
        }
        let response = try await client.send(HTTPRequest(url: server.url(), timeouts: ample))
        #expect(response.body == Array("abcde".utf8))
        #expect(response.header("X-Interim") == nil)
    }

    @Test("an answer whose head begins with a folded field is judged the same, whatever was answered before")
    func foldedFirst() async throws {
        let plain = RawServer.answering(headers: ["X-Long: \(String(repeating: "a", count: 200))"])
        let folded = RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n folded: by nobody's field\r\nContent-Length: 2\r\n\r\nok")
        }
        func judged(by client: HTTPClient) async -> TransportError.Code? {
            do throws(TransportError) {
                _ = try await client.send(HTTPRequest(url: folded.url(), timeouts: ample))
                return nil
            } catch {
                return error.code
            }
        }
        let alone = await judged(by: try HTTPClient())
        for _ in 0..<20 {
            #expect(try await client.send(HTTPRequest(url: plain.url(), timeouts: ample)).status == 200)
            #expect(await judged(by: client) == alone)
        }
    }

    @Test("a kept connection serves many requests, a fresh one is made for each")
    func reuse() async throws {
        let kept = RawServer.answering()
        let fresh = RawServer.answering()
        for _ in 0..<5 {
            _ = try await client.send(HTTPRequest(url: kept.url(), timeouts: ample))
            var request = HTTPRequest(url: fresh.url(), timeouts: ample)
            request.connection = .fresh
            _ = try await client.send(request)
        }
        #expect(kept.acceptedConnections == 1 && kept.requests.count == 5)
        #expect(fresh.acceptedConnections == 5 && fresh.requests.count == 5)
    }

    @Test("many requests at once are all answered by one client")
    func manyAtOnce() async throws {
        let server = RawServer.answering(body: "yes")
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<500 {
                group.addTask { try await client.send(HTTPRequest(url: server.url(), timeouts: ample)).status }
            }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.requests.count == 500)
        #expect(server.acceptedConnections <= HTTPClientConfiguration().maximumConnectionsPerHost)
    }
}
