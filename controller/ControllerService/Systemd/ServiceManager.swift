// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Tells the service manager how this process is, as sd_notify(3) describes: one datagram of `NAME=value` lines to the
/// socket that the environment names. Without one there is nobody to tell, and every call is nothing.
package struct ServiceManager: Sendable {
    /// How often a watchdog that the manager keeps wants to hear of us; nil when it keeps none for this process.
    package let watchdogInterval: Duration?
    private let address: [UInt8]?

    /// Reads NOTIFY_SOCKET (a path, or `@name` in the abstract namespace), WATCHDOG_USEC and WATCHDOG_PID
    /// (sd_watchdog_enabled(3)).
    package init(environment: [String: String], processID: Int32 = getpid()) {
        address = environment["NOTIFY_SOCKET"].flatMap(Self.address)
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(processID)" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isOurs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// What is said to the manager.
    package enum Message: Sendable, Equatable {
        /// Serving.
        case ready(status: String)
        /// Reading the configuration again; `ready` ends it.
        case reloading(monotonicMicroseconds: Int64)
        case stopping(status: String)
        case watchdog
        case status(String)

        package var lines: [String] {
            switch self {
            case .ready(let status): ["READY=1", "STATUS=" + status]
            case .reloading(let now):
                ["RELOADING=1", "MONOTONIC_USEC=\(now)", "STATUS=Reading the configuration again."]
            case .stopping(let status): ["STOPPING=1", "STATUS=" + status]
            case .watchdog: ["WATCHDOG=1"]
            case .status(let status): ["STATUS=" + status]
            }
        }
    }

    /// Sends one message. False when there is a manager and it did not take it: it is then told nothing, and will act
    /// as on a silent process.
    @discardableResult
    package func tell(_ message: Message) -> Bool {
        guard let address else { return true }
        let descriptor = socket(AF_UNIX, clinux_datagram | clinux_close_on_exec, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let text = Array(message.lines.map { $0.replacing("\n", with: " ") }.joined(separator: "\n").utf8)
        return address.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            let place = base.assumingMemoryBound(to: sockaddr.self)
            return sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), place, socklen_t(bytes.count))
                == text.count
        }
    }

    /// The bytes of a sockaddr_un (unix(7)): the family, and the path with its closing zero; for the abstract namespace
    /// a zero and the name, without one. Nil for what is neither, or too long.
    private static func address(_ text: String) -> [UInt8]? {
        guard text.hasPrefix("/") || text.hasPrefix("@"), text.utf8.count < 107 else { return nil }
        let family = withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) }
        if text.hasPrefix("@") { return family + [0] + Array(text.utf8.dropFirst()) }
        return family + Array(text.utf8) + [0]
    }
}
