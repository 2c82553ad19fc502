// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A loopback port that takes no more connections: its backlog is full, so a SYN stays unanswered (listen(2)).
package final class FullListener: Sendable {
    package let port: Int
    private let descriptors: [Int32]

    package init() {
        let (listener, port) = listenOnLoopback(backlog: 0)
        self.port = port
        var descriptors = [listener]
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            descriptors.append(client)
        }
        self.descriptors = descriptors
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    package var url: String { "http://127.0.0.1:\(port)/" }
}
