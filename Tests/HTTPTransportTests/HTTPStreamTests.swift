// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Synchronization
import TestSupport
import Testing

private let patient = HTTPStreamLimits(idle: .seconds(900), bufferBytes: 65_536)
private let chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Kind: watch\r\n\r\n"

/// One chunk of RFC 9112, 7.1.
private func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

@Suite("HTTPClient: streams")
struct HTTPStreamTests {
    let client: HTTPClient

    init() throws { client = try HTTPClient() }

    @Test("pieces are there when they are sent, long before the end")
    func pieces() async throws {
        let (first, second) = (Gate(), Gate())
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead)
            first.wait()
            connection.write(chunk("one"))
            second.wait()
            connection.write(chunk("two") + "0\r\n\r\n")
        }
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        #expect(answer.head.status == 200 && answer.head.header("x-kind") == "watch")
        var body = answer.body.makeAsyncIterator()
        first.open()
        #expect(try await body.next() == Array("one".utf8))
        second.open()
        #expect(try await body.next() == Array("two".utf8))
        #expect(try await body.next() == nil)
        #expect(try await body.next() == nil)
    }

    @Test("every byte arrives in order, however small the buffer", arguments: [1, 1_000, 100_000])
    func everyByte(bufferBytes: Int) async throws {
        let sent = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(sent.count)\r\n\r\n")
            connection.write(sent)
            connection.waitForEnd()
        }
        let limits = HTTPStreamLimits(idle: .seconds(900), bufferBytes: bufferBytes)
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: limits)
        var received: [UInt8] = []
        for try await piece in answer.body { received += piece }
        #expect(received == sent)
    }

    @Test("a reader that does not read stops the sender, and loses nothing for it")
    func backPressure() async throws {
        let sent = Atomic(0)
        let blocked = Gate()
        let all = 64 * 1_048_576
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(all)\r\n\r\n")
            let block = [UInt8](repeating: 7, count: 1_048_576)
            for _ in 0..<64 where connection.writeUnlessStuck(block, onStuck: { blocked.open() }) {
                sent.wrappingAdd(1, ordering: .relaxed)
            }
        }
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        await blocked.passed()
        #expect(sent.load(ordering: .relaxed) < 64)
        var count = 0
        for try await piece in answer.body { count += piece.count }
        #expect(count == all)
    }

    @Test("an answer of any status is a stream, with the body it has")
    func refusal() async throws {
        let server = RawServer.answering(status: "410 Gone", body: "compacted")
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        #expect(answer.head.status == 410)
        var body: [UInt8] = []
        for try await piece in answer.body { body += piece }
        #expect(body == Array("compacted".utf8))
    }

    @Test("silence beyond the limit ends the stream, after what was said")
    func silence() async throws {
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead + chunk("word"))
            connection.waitForEnd()
        }
        let limits = HTTPStreamLimits(idle: .milliseconds(50), bufferBytes: 65_536)
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: limits)
        var body = answer.body.makeAsyncIterator()
        #expect(try await body.next() == Array("word".utf8))
        let error = await #expect(throws: TransportError.self) { _ = try await body.next() }
        #expect(error?.code == .timedOut)
    }

    @Test("a head that does not come is a timeout of the request")
    func noHead() async throws {
        let server = RawServer.hanging()
        let request = HTTPRequest(
            url: server.url(), timeouts: HTTPTimeouts(connect: .seconds(900), total: .milliseconds(50)))
        let error = await #expect(throws: TransportError.self) {
            _ = try await client.stream(request, limits: patient)
        }
        #expect(error?.code == .timedOut)
    }

    @Test("a connection that dies in mid-stream gives what came, and then the failure")
    func reset() async throws {
        let read = Gate()
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead + chunk("half"))
            read.wait()
            connection.reset()
        }
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        var body = answer.body.makeAsyncIterator()
        #expect(try await body.next() == Array("half".utf8))
        read.open()
        let error = await #expect(throws: TransportError.self) { _ = try await body.next() }
        #expect(error?.code == .connectionReset || error?.code == .protocolError)
    }

    @Test("cancelling the reader ends the transfer on the wire")
    func cancelled() async throws {
        let (read, reading) = AsyncStream.makeStream(of: Void.self)
        let closed = Gate()
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead + chunk("word"))
            connection.waitForEnd()
            closed.open()
        }
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        let task = Task { () -> TransportError.Code? in
            do {
                for try await _ in answer.body { reading.yield() }
                return nil
            } catch { return (error as? TransportError)?.code }
        }
        for await _ in read { break }
        task.cancel()
        #expect(await task.value == .cancelled)
        await closed.passed()
    }

    @Test("letting go of a stream ends the transfer on the wire")
    func dropped() async throws {
        let closed = Gate()
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead + chunk("word"))
            connection.waitForEnd()
            closed.open()
        }
        do { _ = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient) }
        await closed.passed()
    }

    @Test("closing the client ends its streams")
    func closed() async throws {
        let server = RawServer { connection in
            _ = connection.readRequest()
            connection.write(chunkedHead)
            connection.waitForEnd()
        }
        let answer = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        client.close()
        var body = answer.body.makeAsyncIterator()
        let error = await #expect(throws: TransportError.self) { _ = try await body.next() }
        #expect(error?.code == .closed)
        let late = await #expect(throws: TransportError.self) {
            _ = try await client.stream(HTTPRequest(url: server.url(), timeouts: ample), limits: patient)
        }
        #expect(late?.code == .closed && late?.requestMayHaveBeenSent == false)
    }

    @Test("a hundred streams share one client with other requests")
    func many() async throws {
        let server = RawServer { connection in
            while let request = connection.readRequest() {
                guard request.hasPrefix("GET /stream") else {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    continue
                }
                connection.write(chunkedHead)
                for number in 0..<50 { connection.write(chunk("\(number),")) }
                connection.write("0\r\n\r\n")
            }
        }
        let wanted = (0..<50).map { "\($0)," }.joined()
        try await withThrowingTaskGroup(of: Bool.self) { [client] group in
            for number in 0..<100 {
                group.addTask {
                    if number % 4 == 0 {
                        let request = HTTPRequest(url: server.url("/plain"), timeouts: ample)
                        return try await client.send(request).body == Array("ok".utf8)
                    }
                    let request = HTTPRequest(url: server.url("/stream"), timeouts: ample)
                    var body: [UInt8] = []
                    for try await piece in try await client.stream(request, limits: patient).body { body += piece }
                    return body == Array(wanted.utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
