// SPDX-License-Identifier: Apache-2.0
import CLinux
import ChaosModel
import Glibc
import HTTPTransport
import Measurement

/// One attempt of a TCP probe: resolve, connect to each address in turn, send, compare. Lives on the loop's thread and
/// is kept alive by its timer until it has ended; ends once.
final class TCPAttempt {
    private let probe: TCPProbe
    private let context: LoopContext
    private let names: NameResolver
    private let completion: AttemptCompletion
    private let begun = monotonicNanoseconds()
    private let deadline: Int64
    private var timer: LoopTimer?
    private var patience: LoopTimer?
    private var addresses: [SocketAddress]
    private var descriptor: Int32 = -1
    private var isConnected = false
    private var hasEnded = false
    private var sent = 0
    private var received: [UInt8] = []
    private var lastError: Int32 = 0

    init(
        _ probe: TCPProbe, _ context: LoopContext, _ names: NameResolver, _ completion: @escaping AttemptCompletion
    ) {
        self.probe = probe
        self.context = context
        self.names = names
        self.completion = completion
        addresses = probe.addresses
        deadline = begun + probe.timeout.wholeNanoseconds
    }

    func begin() {
        timer = context.schedule(at: deadline) { [self] in
            end(.failure(isConnected ? .timedOut : .connectTimedOut))
        }
        guard addresses.isEmpty else { return connectToNext() }
        let back = LoopResumption(self, context)
        names.resolve(probe.host) { result in back.run { $0.resolved(result) } }
    }

    private func resolved(_ result: Result<[String], NameError>) {
        guard !hasEnded else { return }
        switch result {
        case .success(let texts):
            addresses = texts.compactMap { SocketAddress($0, port: probe.port) }
            connectToNext()
        case .failure(let error):
            end(
                error.isOurTrouble
                    ? .unknown(.outOfDescriptors, error.message) : .failure(.cannotResolve, error.message))
        }
    }

    /// Each address gets an equal part of the time that is left.
    private func connectToNext() {
        dropSocket()
        guard let address = addresses.first else {
            return end(.failure(connectReason(lastError), systemText(lastError)))
        }
        addresses.removeFirst()
        descriptor = address.makeSocket(clinux_stream)
        guard descriptor >= 0 else { return end(Self.shortage(errno)) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let code = address.connect(descriptor)
        switch code {
        case 0: connected()
        case EINPROGRESS: waitForConnect()
        default: failedToConnect(code)
        }
    }

    private func waitForConnect() {
        watch(EPOLLOUT.rawValue)
        guard !hasEnded, !addresses.isEmpty else { return }
        let now = monotonicNanoseconds()
        let part = max(0, deadline - now) / Int64(addresses.count + 1)
        patience = context.schedule(at: now + part) { [unowned self] in failedToConnect(ETIMEDOUT) }
    }

    private func failedToConnect(_ code: Int32) {
        if isLocalShortage(code) { return end(Self.shortage(code)) }
        lastError = code
        connectToNext()
    }

    private func ready(_ events: UInt32) {
        guard !isConnected else { return exchange() }
        let code = pendingError(descriptor)
        if code == 0 { connected() } else { failedToConnect(code) }
    }

    private func connected() {
        patience?.cancel()
        isConnected = true
        if probe.send.isEmpty && probe.expect.isEmpty { return end(ProbeOutcome(.success)) }
        exchange()
    }

    private func exchange() {
        while sent < probe.send.count {
            let count = probe.send[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return retry(EPOLLOUT.rawValue, errno) }
            sent += count
        }
        if probe.expect.isEmpty { return end(ProbeOutcome(.success)) }
        receive()
    }

    private func receive() {
        var room = [UInt8](repeating: 0, count: 4096)
        while received.count < probe.expect.count {
            let count = recv(descriptor, &room, min(room.count, probe.expect.count - received.count), 0)
            if count < 0 { return retry(EPOLLIN.rawValue, errno) }
            received.append(contentsOf: room[..<count])
            if count == 0 || !probe.expect.starts(with: received) { return endWithWrongBanner() }
        }
        end(ProbeOutcome(.success))
    }

    private func endWithWrongBanner() {
        let seen = String(decoding: received.prefix(64), as: UTF8.self)
        end(
            received.isEmpty
                ? .failure(.emptyReply) : .failure(.banner, "the answer begins with \(seen.debugDescription)"))
    }

    private func retry(_ events: UInt32, _ code: Int32) {
        switch code {
        case EAGAIN, EINTR: watch(events)
        case ECONNRESET, EPIPE: end(.failure(.connectionReset))
        default: end(.failure(.protocolError, systemText(code)))
        }
    }

    private func watch(_ events: UInt32) {
        if context.isWatching(descriptor) { return context.change(descriptor, events: events) }
        let isWatched = context.watch(descriptor, events: events) { [unowned self] in ready($0) }
        if !isWatched { end(Self.shortage(errno)) }
    }

    private func dropSocket() {
        patience?.cancel()
        guard descriptor >= 0 else { return }
        context.unwatch(descriptor)
        close(descriptor)
        descriptor = -1
    }

    /// Ends the attempt and frees its socket; later calls do nothing.
    func end(_ outcome: ProbeOutcome) {
        guard !hasEnded else { return }
        hasEnded = true
        var outcome = outcome
        outcome.begun = MonotonicInstant(nanoseconds: begun)
        outcome.ended = MonotonicInstant(nanoseconds: monotonicNanoseconds())
        dropSocket()
        timer?.cancel()
        completion(outcome)
    }

    private static func shortage(_ code: Int32) -> ProbeOutcome {
        .unknown(code == ENOMEM ? .outOfMemory : .outOfDescriptors, systemText(code))
    }
}
