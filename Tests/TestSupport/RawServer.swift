// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A TCP server on a free loopback port whose behaviour, down to the byte and the reset, is a closure per connection.
/// Each connection has a thread. Stops when released.
package final class RawServer: Sendable {
    /// Serves one connection; the connection is closed when it returns.
    package typealias Script = @Sendable (RawConnection) -> Void

    package let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var connections: [ObjectIdentifier: RawConnection] = [:]
        var accepted = 0
        var isStopped = false
        var requests: [String] = []
    }

    private let keepsRequests: Bool

    /// Listens at once; `port` 0 means a free one. A server that lives for hours keeps no requests.
    package init(port: Int = 0, keepsRequests: Bool = true, _ script: @escaping Script) {
        let (listener, port) = listenOnLoopback(port: port)
        self.listener = listener
        self.keepsRequests = keepsRequests
        self.port = port
        startTestThread { [weak self] in
            // Closed here and not by `stop`: its number must not become another's while this thread still accepts.
            defer { close(listener) }
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                // A program that another test starts must not keep this connection open: its end would never be seen.
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                guard let connection = self?.admit(descriptor) else {
                    close(descriptor)
                    return
                }
                startTestThread { [weak self] in
                    script(connection)
                    connection.close()
                    self?.dismiss(connection)
                }
            }
        }
    }

    deinit { stop() }

    /// How many connections were accepted so far.
    package var acceptedConnections: Int { state.withLock { $0.accepted } }

    /// What `readRequest` read so far, whole requests with their bodies.
    package var requests: [String] { state.withLock { $0.requests } }

    /// `http://127.0.0.1:port` followed by the path.
    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Closes the listener and every connection. May be repeated.
    package func stop() {
        let open = state.withLock { state -> [RawConnection]? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            return Array(state.connections.values)
        }
        guard let open else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in open { connection.interrupt() }
    }

    private func admit(_ descriptor: Int32) -> RawConnection? {
        let connection = RawConnection(descriptor) { [weak self, keepsRequests] request in
            guard keepsRequests else { return }
            self?.state.withLock { $0.requests.append(request) }
        }
        return state.withLock { state in
            guard !state.isStopped else { return nil }
            state.accepted += 1
            state.connections[ObjectIdentifier(connection)] = connection
            return connection
        }
    }

    private func dismiss(_ connection: RawConnection) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}

extension RawServer {
    /// Answers every request of every connection with the same status and body, and keeps connections open.
    package static func answering(
        status: String = "200 OK", headers: [String] = [], body: String = "", port: Int = 0
    ) -> RawServer {
        let head = (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers).joined(separator: "\r\n")
        return RawServer(port: port) { connection in
            while connection.readRequest() != nil {
                connection.write("\(head)\r\n\r\n\(body)")
            }
        }
    }

    /// Accepts and reads, and never answers.
    package static func hanging() -> RawServer {
        RawServer { connection in
            while connection.readRequest() != nil {}
        }
    }
}

/// A listening socket on 127.0.0.1.
package func listenOnLoopback(port: Int = 0, backlog: Int32 = 1024) -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
            precondition(bind(descriptor, raw, size) == 0, "bind: \(errno)")
            precondition(listen(descriptor, backlog) == 0, "listen: \(errno)")
            getsockname(descriptor, raw, &size)
        }
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

/// A loopback port on which nothing listens: it was free a moment ago.
package func unusedPort() -> Int {
    let (descriptor, port) = listenOnLoopback()
    close(descriptor)
    return port
}
