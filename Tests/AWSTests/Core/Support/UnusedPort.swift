// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A loopback port where nobody listens and nobody else can: it is bound, so connecting is refused (bind(2)).
final class UnusedPort: Sendable {
    let url: String
    private let descriptor: Int32

    init() {
        descriptor = socket(AF_INET, 1 /* SOCK_STREAM, socket(2) */, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, size) == 0, "bind: \(errno)")
                precondition(getsockname(descriptor, $0, &size) == 0, "getsockname: \(errno)")
            }
        }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    deinit { close(descriptor) }
}
