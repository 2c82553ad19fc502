// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// One accepted connection, for a script to read and write as it likes. Calls block.
package final class RawConnection: Sendable {
    private let descriptor: Int32
    private let isOpen = Mutex(true)
    private let unread = Mutex<[UInt8]>([])
    private let note: @Sendable (String) -> Void

    init(_ descriptor: Int32, note: @escaping @Sendable (String) -> Void) {
        self.descriptor = descriptor
        self.note = note
    }

    /// The next HTTP request with the body its Content-Length announces; nil at the end of the connection.
    package func readRequest() -> String? {
        while true {
            if let request = takeRequest() {
                note(request)
                return request
            }
            guard let more = readSome() else { return nil }
            unread.withLock { $0 += more }
        }
    }

    /// Whatever comes next; nil at the end.
    package func readSome() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// False when the other side is gone.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Writes all; when the other side takes nothing for a tenth of a second, says so once and goes on waiting.
    package func writeUnlessStuck(_ bytes: [UInt8], onStuck: () -> Void) -> Bool {
        var sent = 0
        while sent < bytes.count {
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&poller, 1, 100) == 0 {
                onStuck()
                _ = poll(&poller, 1, -1)
            }
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Blocks until the other side closes, reading and forgetting.
    package func waitForEnd() {
        while readSome() != nil {}
    }

    /// Ends the connection with RST instead of FIN (socket(7), SO_LINGER).
    package func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    package func close() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            Glibc.close(descriptor)
        }
    }

    /// Makes a blocked read return, from another thread.
    func interrupt() {
        isOpen.withLock { isOpen in
            if isOpen { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func takeRequest() -> String? {
        unread.withLock { bytes in
            let mark = Array("\r\n\r\n".utf8)
            guard let head = bytes.firstRange(of: mark) else { return nil }
            let text = String(decoding: bytes[..<head.upperBound], as: UTF8.self)
            let length = text.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
            let end = head.upperBound + (length ?? 0)
            guard bytes.count >= end else { return nil }
            defer { bytes.removeFirst(end) }
            return String(decoding: bytes[..<end], as: UTF8.self)
        }
    }
}
