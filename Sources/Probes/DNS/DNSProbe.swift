// SPDX-License-Identifier: Apache-2.0
import CLinux
import ChaosModel
import Glibc
import HTTPTransport
import Measurement

/// Asks one name server over UDP, one datagram per attempt and no repeat: a lost datagram is a failed attempt.
struct DNSProbe: Sendable {
    let query: DNSQuery
    let server: SocketAddress
    let timeout: Duration
    private let wanted: Set<String>

    init(_ spec: DNSProbeSpec, name: String) throws(ProbeError) {
        guard let query = DNSQuery(name: spec.name, type: spec.type ?? .a) else {
            throw .invalidSpec(
                name, "\(spec.name.debugDescription) is no DNS name",
                hint: "Give a name of ASCII labels of 1 to 63 characters.")
        }
        self.query = query
        timeout = spec.timeout?.duration ?? .seconds(1)
        server = try Self.server(spec.server, name: name)
        var wanted: Set<String> = []
        for text in spec.addresses ?? [] {
            guard let address = normalisedAddress(text) else {
                throw .invalidSpec(
                    name, "\(text.debugDescription) in addresses is none", hint: "Give numeric IPv4 or IPv6 addresses.")
            }
            wanted.insert(address)
        }
        self.wanted = wanted
    }

    private static func server(_ text: String?, name: String) throws(ProbeError) -> SocketAddress {
        guard let text = text ?? firstConfiguredNameServer() else {
            throw .invalidSpec(
                name, "/etc/resolv.conf names no server", hint: "Give a server, or configure this machine's resolver.")
        }
        guard let (host, port) = hostAndPort(text), let address = SocketAddress(host, port: port) else {
            throw .invalidSpec(
                name, "its server is \(text.debugDescription)",
                hint: "Give address, address:port or [address]:port with a numeric address.")
        }
        return address
    }

    /// Begins an attempt on the loop's thread; the result is a way to give it up.
    func attempt(id: UInt16, in context: LoopContext, _ completion: @escaping AttemptCompletion) -> AttemptCancellation
    {
        let attempt = DNSAttempt(self, id: id, context, completion)
        attempt.begin()
        return { attempt.end(.unknown(.stopped)) }
    }

    /// What the reply says about the name; nil for one that is not ours.
    func outcome(of reply: DNSReply) -> ProbeOutcome? {
        switch reply {
        case .stray: nil
        case .malformed: .failure(.protocolError, "the answer cannot be read")
        case .truncated: .failure(.truncated, "the answer does not fit a datagram")
        case .refused(code: 2): .failure(.serverFailure, "SERVFAIL")
        case .refused(code: 3): .failure(.nameNotFound, "NXDOMAIN")
        case .refused(code: 5): .failure(.queryRefused, "REFUSED")
        case .refused(let code): .failure(.serverFailure, "RCODE \(code)")
        case .addresses([]): .failure(.noAddress, "no \(query.type.rawValue) record")
        case .addresses(let found) where wanted.isEmpty || !wanted.isDisjoint(with: found):
            ProbeOutcome(.success, detail: found.joined(separator: " "))
        case .addresses(let found): .failure(.wrongAddress, found.joined(separator: " "))
        }
    }
}

/// One query and the wait for its answer. Lives on the loop's thread, kept alive by its timer; ends once.
final class DNSAttempt {
    private let probe: DNSProbe
    private let id: UInt16
    private let context: LoopContext
    private let completion: AttemptCompletion
    private let begun = monotonicNanoseconds()
    private var timer: LoopTimer?
    private var descriptor: Int32 = -1
    private var hasEnded = false

    init(_ probe: DNSProbe, id: UInt16, _ context: LoopContext, _ completion: @escaping AttemptCompletion) {
        self.probe = probe
        self.id = id
        self.context = context
        self.completion = completion
    }

    func begin() {
        timer = context.schedule(at: begun + probe.timeout.wholeNanoseconds) { [self] in end(.failure(.timedOut)) }
        descriptor = probe.server.makeSocket(clinux_datagram)
        guard descriptor >= 0 else { return fail(errno) }
        // Connected, so that the kernel passes on only this server's datagrams and its ICMP errors (udp(7)).
        let code = probe.server.connect(descriptor)
        guard code == 0 else { return fail(code) }
        let isWatched = context.watch(descriptor, events: EPOLLIN.rawValue) { [unowned self] _ in receive() }
        guard isWatched else { return fail(errno) }
        let query = probe.query.encoded(id: id)
        if send(descriptor, query, query.count, 0) != query.count { fail(errno) }
    }

    private func receive() {
        var room = [UInt8](repeating: 0, count: 4096)
        while !hasEnded {
            let count = recv(descriptor, &room, room.count, 0)
            if count < 0 {
                if errno != EAGAIN && errno != EINTR { fail(errno) }
                return
            }
            let reply = probe.query.reply(in: Array(room[..<count]), id: id)
            if let outcome = probe.outcome(of: reply) { end(outcome) }
        }
    }

    private func fail(_ code: Int32) {
        if isLocalShortage(code) {
            end(.unknown(code == ENOMEM ? .outOfMemory : .outOfDescriptors, systemText(code)))
        } else {
            end(.failure(connectReason(code), systemText(code)))
        }
    }

    /// Ends the attempt and frees its socket; later calls do nothing.
    func end(_ outcome: ProbeOutcome) {
        guard !hasEnded else { return }
        hasEnded = true
        var outcome = outcome
        outcome.begun = MonotonicInstant(nanoseconds: begun)
        outcome.ended = MonotonicInstant(nanoseconds: monotonicNanoseconds())
        if descriptor >= 0 {
            context.unwatch(descriptor)
            close(descriptor)
        }
        timer?.cancel()
        completion(outcome)
    }
}
