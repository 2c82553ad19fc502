// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A UDP server on a free loopback port that answers each datagram with what a closure makes of it.
package final class RawDatagramServer: Sendable {
    package let port: Int
    private let descriptor: Int32
    private let count = Atomic(0)

    /// `answer` gives the datagrams to send back, in order; none means silence.
    package init(_ answer: @escaping @Sendable ([UInt8]) -> [[UInt8]]) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                precondition(bind(descriptor, raw, size) == 0, "bind: \(errno)")
                getsockname(descriptor, raw, &size)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        startTestThread { [weak self] in
            // Closed here and not by `deinit`: its number must not become another's while this thread still receives.
            defer { close(descriptor) }
            while let (bytes, sender) = receiveDatagram(descriptor) {
                guard let server = self else { return }
                server.count.wrappingAdd(1, ordering: .relaxed)
                for reply in answer(bytes) { sendDatagram(descriptor, reply, to: sender) }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// How many datagrams came so far.
    package var received: Int { count.load(ordering: .relaxed) }
}

private func receiveDatagram(_ descriptor: Int32) -> (bytes: [UInt8], sender: sockaddr_in)? {
    var sender = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var room = [UInt8](repeating: 0, count: 4096)
    let count = withUnsafeMutablePointer(to: &sender) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(descriptor, &room, room.count, 0, $0, &size)
        }
    }
    return count > 0 ? (Array(room[..<count]), sender) : nil
}

private func sendDatagram(_ descriptor: Int32, _ bytes: [UInt8], to receiver: sockaddr_in) {
    withUnsafePointer(to: receiver) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
