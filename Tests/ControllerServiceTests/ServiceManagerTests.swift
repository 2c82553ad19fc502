// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Testing

@testable import ControllerService

/// The socket that a service manager listens on, with a name that no other test has.
final class NotifySocket: Sendable {
    let descriptor: Int32
    let name: String

    /// A path, or a name in the abstract namespace.
    init(isAbstract: Bool) throws {
        let unique = "rebound-notify-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        name = isAbstract ? "@" + unique : "/tmp/" + unique
        descriptor = socket(AF_UNIX, clinux_datagram | clinux_close_on_exec, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = isAbstract ? [0] + Array(unique.utf8) : Array(name.utf8) + [0]
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        if name.hasPrefix("/") { unlink(name) }
    }

    /// The next datagram; empty when none comes in half a minute.
    func next() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

@Suite("What the service manager is told")
struct ServiceManagerTests {
    @Test(
        "every message arrives at the socket that the environment names, as sd_notify(3) has it",
        arguments: [true, false])
    func arrives(isAbstract: Bool) throws {
        let socket = try NotifySocket(isAbstract: isAbstract)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": socket.name])
        let told: [(ServiceManager.Message, String)] = [
            (.ready(status: "Serving\nnow."), "READY=1\nSTATUS=Serving now."),
            (
                .reloading(monotonicMicroseconds: 42),
                "RELOADING=1\nMONOTONIC_USEC=42\nSTATUS=Reading the configuration again."
            ),
            (.watchdog, "WATCHDOG=1"), (.status("Waiting."), "STATUS=Waiting."),
            (.stopping(status: "Stopping."), "STOPPING=1\nSTATUS=Stopping."),
        ]
        for (message, text) in told {
            #expect(manager.tell(message))
            #expect(socket.next() == text)
        }
    }

    @Test("without a manager nothing is told, and that is no failure", arguments: [nil, "", "relative/path"])
    func nobody(socket: String?) {
        #expect(ServiceManager(environment: socket.map { ["NOTIFY_SOCKET": $0] } ?? [:]).tell(.watchdog))
    }

    @Test("a manager that is gone is noticed")
    func gone() {
        #expect(!ServiceManager(environment: ["NOTIFY_SOCKET": "/nowhere/socket"]).tell(.watchdog))
    }

    @Test(
        "the watchdog is ours only where its process is",
        arguments: [
            (["WATCHDOG_USEC": "3000000"], Duration.seconds(3)),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"], .seconds(3)),
            (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"], nil), (["WATCHDOG_USEC": "0"], nil),
            (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func watchdog(environment: [String: String], interval: Duration?) {
        #expect(ServiceManager(environment: environment, processID: 7).watchdogInterval == interval)
    }
}
