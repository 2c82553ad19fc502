// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import HTTPTransport
import Measurement

/// Connects, and where asked sends a text and compares the beginning of the answer.
struct TCPProbe: Sendable {
    let host: String
    let port: Int
    let send: [UInt8]
    let expect: [UInt8]
    let timeout: Duration
    /// Known when the host needs no resolver.
    let addresses: [SocketAddress]

    init(_ spec: TCPProbeSpec, name: String) throws(ProbeError) {
        guard (1...65_535).contains(spec.port) else {
            throw .invalidSpec(name, "its port is \(spec.port)", hint: "Give a port from 1 to 65535.")
        }
        guard !spec.host.isEmpty, spec.host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .invalidSpec(name, "its host is \(spec.host.debugDescription)", hint: "Give a host name or address.")
        }
        host = spec.host
        port = spec.port
        send = Array((spec.send ?? "").utf8)
        expect = Array((spec.expect ?? "").utf8)
        timeout = spec.timeout?.duration ?? .seconds(1)
        let numeric = spec.host.lowercased() == "localhost" ? ["127.0.0.1", "::1"] : [spec.host]
        addresses = numeric.compactMap { SocketAddress($0, port: spec.port) }
    }

    /// Begins an attempt on the loop's thread; the result is a way to give it up.
    func attempt(in context: LoopContext, _ names: NameResolver, _ completion: @escaping AttemptCompletion)
        -> AttemptCancellation
    {
        let attempt = TCPAttempt(self, context, names, completion)
        attempt.begin()
        return { attempt.end(.unknown(.stopped)) }
    }
}
