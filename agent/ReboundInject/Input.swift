// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Glibc
import HostSystem

/// Standard input: one JSON document, then lines.
final class Input {
    private var buffer: [UInt8] = []
    /// Whether the other side has closed it.
    private(set) var hasEnded = false

    /// Takes in what there is; waits until there is something.
    func take() {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(0, &bytes, bytes.count)
        if count > 0 { buffer += bytes[..<count] }
        if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { hasEnded = true }
    }

    /// The document: the first mapping, up to its last bracket. Nil when the input ends, the time runs out, or it is
    /// longer than a document may be.
    func document(within limit: Duration) -> [UInt8]? {
        let deadline = HostClock.monotonic.advanced(by: limit)
        while true {
            if let end = Self.end(of: buffer) {
                defer { buffer.removeFirst(end) }
                return Array(buffer[..<end])
            }
            var source = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            if hasEnded || buffer.count > HostInjection.longestDocument { return buffer.isEmpty ? nil : buffer }
            if poll(&source, 1, HostClock.milliseconds(until: deadline)) == 0 { return nil }
            take()
        }
    }

    /// The whole lines that came.
    func lines() -> [String] {
        guard let last = buffer.lastIndex(of: 0x0A) else {
            if buffer.count > 4_096 { buffer.removeAll() }  // No line of ours is that long.
            return []
        }
        defer { buffer.removeFirst(last + 1) }
        return buffer[..<last].split(separator: 0x0A).map { String(decoding: $0.prefix(80), as: UTF8.self) }
    }

    /// The offset behind the bracket that closes the first mapping. Brackets in texts do not count.
    static func end(of bytes: [UInt8]) -> Int? {
        var depth = 0
        var isText = false
        var isEscaped = false
        for (place, byte) in bytes.enumerated() {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return place + 1 }
            }
        }
        return nil
    }
}
