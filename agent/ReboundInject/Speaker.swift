// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Faults
import Glibc
import HostSystem

/// Says what happens, one JSON object a line, each with both clocks. Never waits long for one who does not listen:
/// nobody's silence may hold a fault.
final class Speaker {
    private let id: String
    private(set) var isHeard = true

    init(id: String = "") { self.id = id }

    /// `event` first, then the instants, then what else there is to say.
    func say(_ event: String, _ more: Evidence = []) {
        var entries: Evidence = [("event", .text(event))]
        if !id.isEmpty { entries.append(("id", .text(id))) }
        entries.append(("monotonicNanoseconds", .number("\(HostClock.monotonic.nanoseconds)")))
        entries.append(("wall", .text(HostClock.wall.description)))
        write(Array((JSONText.compact(.object(entries + more)) + "\n").utf8))
    }

    func say(_ event: String, _ error: HostError, _ more: Evidence = []) {
        say(
            event,
            more + [
                ("code", .text(error.code.rawValue)), ("message", .text(error.message)), ("hint", .text(error.hint)),
            ])
    }

    /// A pipe that can be written takes 4,096 bytes at once (pipe(7), PIPE_BUF).
    private func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty, isHeard {
            var target = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&target, 1, 1_000)
            if ready < 0, errno == EINTR { continue }
            let count = ready > 0 ? rest.prefix(4_096).withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) } : -1
            if count < 0, ready > 0, errno == EINTR { continue }
            if count <= 0 { isHeard = false }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
