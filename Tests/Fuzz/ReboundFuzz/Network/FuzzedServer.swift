internal import CLinux
// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Glibc
internal import Synchronization

@testable import HTTPTransport

/// A server that answers every request with the bytes of the input, so that libcurl reads them as it reads a
/// stranger's; and our client, which asks it over a Unix socket.
///
/// A class, as it holds the one socket of the process; libFuzzer's thread gives the answer and waits, and the server's
/// thread reads it in between.
final class FuzzedServer: Sendable {
    /// Small, so that answers over the limit occur.
    private static let most = 512

    static func read(_ bytes: [UInt8]) throws {
        if shared == nil { shared = try FuzzedServer() }
        guard let server = shared else { return }
        server.answer.withLock { $0 = bytes }
        var request = HTTPRequest(
            url: "http://fuzz.invalid/", timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(5)))
        request.connection = .fresh
        request.unixSocketPath = server.path
        request.maximumResponseBytes = most
        try check(server.send(request))
    }

    private static func check(_ result: Result<HTTPResponse, TransportError>) throws {
        switch result {
        case .success(let response):
            must((100...999).contains(response.status), "\(response.status) is a status")
            must(response.body.count <= most, "an answer is no longer than it may be")
            must(response.headers.allSatisfy { !$0.name.isEmpty }, "a header has a name")
            must(
                response.headers.allSatisfy { !$0.name.contains("\n") && !$0.value.contains("\n") },
                "a header is one line")
        case .failure(let error):
            must(error.code != .timedOut, "an answer that has ended is not waited for")
            must(!error.message.isEmpty, "a failure says what it is")
            throw error
        }
    }

    /// Only libFuzzer's own thread comes here, one input after the other.
    nonisolated(unsafe) private static var shared: FuzzedServer?

    private let path = "/tmp/rebound-fuzz-\(getpid()).sock"
    private let client: HTTPClient
    private let listener: Int32
    /// Set before a request is sent and read while it is under way.
    private let answer = Mutex<[UInt8]>([])

    private init() throws {
        client = try HTTPClient()
        listener = socket(AF_UNIX, clinux_stream, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) == 0 }
        }
        guard isBound, listen(listener, 16) == 0 else { fatalError("\(path): \(errno)") }
        // The socket's name is of no use once the process has ended.
        atexit { unlink("/tmp/rebound-fuzz-\(getpid()).sock") }
        DispatchQueue(label: "server").async { [self] in serve() }
    }

    private func serve() -> Never {
        var request = [UInt8](repeating: 0, count: 4_096)
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { continue }
            _ = recv(connection, &request, request.count, 0)
            let answer = answer.withLock { $0 }
            var sent = 0
            while sent < answer.count {
                let count = answer[sent...].withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, flags) }
                if count <= 0 { break }  // The client has seen enough.
                sent += count
            }
            Glibc.close(connection)
        }
    }

    private let flags = Int32(MSG_NOSIGNAL)

    private func send(_ request: HTTPRequest) -> Result<HTTPResponse, TransportError> {
        let done = DispatchSemaphore(value: 0)
        let box = Mutex<Result<HTTPResponse, TransportError>?>(nil)
        // Owned here: it is waited for before this returns.
        Task.detached { [client] in
            let result: Result<HTTPResponse, TransportError>
            do throws(TransportError) { result = .success(try await client.send(request)) } catch {
                result = .failure(error)
            }
            box.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = box.withLock({ $0 }) else { fatalError("no result") }
        return result
    }
}
