// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// An IPv4 or IPv6 address with its port, as the kernel takes it.
struct SocketAddress: Sendable {
    private var storage = sockaddr_storage()
    private let length: socklen_t

    /// Nil when the text is no numeric address (inet_pton(3)).
    init?(_ host: String, port: Int) {
        guard let port = UInt16(exactly: port) else { return nil }
        var four = sockaddr_in()
        var six = sockaddr_in6()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { room in
                withUnsafeBytes(of: four) { room.copyMemory(from: $0) }
            }
        } else if inet_pton(AF_INET6, host, &six.sin6_addr) == 1 {
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { room in
                withUnsafeBytes(of: six) { room.copyMemory(from: $0) }
            }
        } else {
            return nil
        }
    }

    /// A non-blocking socket of the address's family, or -1 with `errno` set (socket(2)).
    func makeSocket(_ type: Int32) -> Int32 {
        socket(
            Int32(storage.ss_family),
            type | clinux_nonblocking | clinux_close_on_exec, 0)
    }

    /// 0, or the error of connect(2): EINPROGRESS while it is under way.
    func connect(_ descriptor: Int32) -> Int32 {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, length) == 0 ? 0 : errno
            }
        }
    }
}

/// Errors of socket(2), connect(2) and bind(2) that are about this machine.
func isLocalShortage(_ code: Int32) -> Bool {
    [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(code)
}

/// The error text of the C library.
func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// The pending error of a socket whose connect ended (socket(7), SO_ERROR).
func pendingError(_ descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
}
