// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

/// Sends and returns the error; records an issue when there is none.
func failure(of client: HTTPClient, _ request: HTTPRequest) async -> TransportError? {
    do throws(TransportError) {
        let response = try await client.send(request)
        Issue.record("an answer of status \(response.status) where an error was due")
        return nil
    } catch {
        return error
    }
}

@Suite("HTTPClient: failures")
struct HTTPClientFailureTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var script: RawServer.Script
        var code: TransportError.Code
    }

    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test("nobody listening is cannotConnect, and nothing was sent")
    func refused() async throws {
        let url = "http://127.0.0.1:\(unusedPort())/"
        let error = try #require(await failure(of: client, HTTPRequest(method: "POST", url: url, timeouts: ample)))
        #expect(error.code == .cannotConnect)
        #expect(!error.requestMayHaveBeenSent)
        #expect(error.message.contains(url))
        #expect(error.timings != nil)
    }

    static let brokenAnswers: [Case] = [
        Case(
            testDescription: "reset after the request",
            script: {
                _ = $0.readRequest()
                $0.reset()
            }, code: .connectionReset),
        Case(testDescription: "closed without an answer", script: { _ = $0.readRequest() }, code: .emptyReply),
        Case(
            testDescription: "half an answer",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            }, code: .protocolError),
        Case(
            testDescription: "not HTTP",
            script: {
                _ = $0.readRequest()
                $0.write("SSH-2.0-OpenSSH_9.2\r\n\r\n")
            }, code: .protocolError),
        Case(
            testDescription: "longer than announced as allowed",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
                $0.waitForEnd()
            }, code: .responseTooLarge),
        Case(
            testDescription: "longer than allowed while streaming",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\n\r\n")
                while $0.write(String(repeating: "x", count: 600)) {}
            }, code: .responseTooLarge),
        Case(
            testDescription: "header without end",
            script: {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\n")
                while $0.write("X-Filler: \(String(repeating: "x", count: 50_000))\r\n") {}
            }, code: .responseTooLarge),
    ]

    @Test("what goes wrong after connecting has its code, and may have been sent", arguments: brokenAnswers)
    func afterConnecting(_ broken: Case) async throws {
        let server = RawServer(broken.script)
        var request = HTTPRequest(method: "POST", url: server.url(), body: Array("x".utf8), timeouts: ample)
        request.maximumResponseBytes = 1000
        let error = try #require(await failure(of: client, request))
        #expect(error.code == broken.code, "\(error)")
        #expect(error.requestMayHaveBeenSent)
        #expect(error.hint.hasSuffix("."))
    }

    @Test("a server that never answers is timedOut after the total time, and the request was sent")
    func hung() async throws {
        let server = RawServer.hanging()
        let timeouts = HTTPTimeouts(connect: .seconds(900), total: .milliseconds(50))
        let error = try #require(await failure(of: client, HTTPRequest(url: server.url(), timeouts: timeouts)))
        #expect(error.code == .timedOut && error.requestMayHaveBeenSent)
        let timings = try #require(error.timings)
        #expect(timings.ended - timings.begun >= 49_000_000)
    }

    @Test("a listener whose backlog is full is connectTimedOut, and nothing was sent")
    func neverAccepted() async throws {
        let server = FullListener()
        let timeouts = HTTPTimeouts(connect: .milliseconds(50), total: .seconds(900))
        let error = try #require(await failure(of: client, HTTPRequest(url: server.url, timeouts: timeouts)))
        #expect(error.code == .connectTimedOut && !error.requestMayHaveBeenSent)
    }

    @Test("a request with a body is never repeated by itself when its kept connection dies")
    func noSilentRepeat() async throws {
        let server = RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            _ = connection.readRequest()
        }
        let request = HTTPRequest(method: "POST", url: server.url(), body: Array("kill".utf8), timeouts: ample)
        _ = try await client.send(request)
        let error = try #require(await failure(of: client, request))
        #expect(error.code == .connectionReset || error.code == .emptyReply)
        #expect(error.requestMayHaveBeenSent)
        #expect(server.requests.count == 2)
    }

    @Test("a full queue is refused by name, and what waits is served in turn")
    func queue() async throws {
        var configuration = HTTPClientConfiguration()
        configuration.maximumActiveRequests = 1
        configuration.maximumWaitingRequests = 1
        let small = try HTTPClient(configuration: configuration)
        let gate = Gate()
        let server = RawServer { connection in
            while connection.readRequest() != nil {
                gate.wait()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        let codes = await withTaskGroup(of: TransportError.Code?.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do throws(TransportError) {
                        _ = try await small.send(HTTPRequest(url: server.url(), timeouts: ample))
                        return nil
                    } catch {
                        gate.open()
                        return error.code
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == .queueFull }.count == 1)
        #expect(codes.filter { $0 == nil }.count == 2)
    }
}
