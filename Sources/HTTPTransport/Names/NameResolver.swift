// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// Why a name has no address.
package struct NameError: Error, Sendable {
    /// What failed, with the name.
    package var message: String
    /// No thread, descriptor or memory: it says nothing about the name.
    package var isOurTrouble: Bool

    package init(message: String, isOurTrouble: Bool) {
        self.message = message
        self.isOurTrouble = isOurTrouble
    }
}

/// Asks the system's resolver (getaddrinfo(3)) on a few threads of its own, as it blocks for as long as it likes.
///
/// One question per name is under way at a time, whoever asks; answers are used again for `lifetime`; failures are not
/// kept. A resolver that hangs holds at most `maximumThreads` threads and `maximumQuestions` questions, and whoever
/// waits has a deadline of his own. Threads end when nothing is asked.
package final class NameResolver: Sendable {
    /// Called on a thread of the resolver, or at once when the answer is known or refused.
    package typealias Completion = @Sendable (Result<[String], NameError>) -> Void

    private struct Known {
        var addresses: [String]
        var expires: Int64
    }

    private struct State {
        var known: [String: Known] = [:]
        var asked: [String: [Completion]] = [:]
        var queue: [String] = []
        var threads = 0
    }

    private let state = Mutex(State())
    private let lifetime: Int64
    private let maximumThreads: Int
    private let lookUp: @Sendable (String) -> Result<[String], NameError>
    private static let maximumKnown = 1024
    private static let maximumQuestions = 1024
    private static let maximumWaiters = 65_536

    /// `lookUp` may block; it is exchanged where a resolver that hangs is to be played.
    package init(
        lifetime: Duration, maximumThreads: Int,
        lookUp: @escaping @Sendable (String) -> Result<[String], NameError> = askSystemResolver
    ) {
        self.lifetime = lifetime.wholeNanoseconds
        self.maximumThreads = max(1, maximumThreads)
        self.lookUp = lookUp
    }

    /// The addresses of the name if they are known and fresh at `now` (CLOCK_MONOTONIC nanoseconds).
    package func cached(_ name: String, now: Int64) -> [String]? {
        state.withLock { state in
            guard let known = state.known[name], known.expires > now else { return nil }
            return known.addresses
        }
    }

    /// Finds the numeric addresses of a name, in the order the system prefers (RFC 6724).
    package func resolve(_ name: String, _ completion: @escaping Completion) {
        if let known = cached(name, now: monotonicNanoseconds()) { return completion(.success(known)) }
        enum Step { case wait, startThread, refuse }
        let step: Step = state.withLock { state in
            if let waiters = state.asked[name] {
                guard waiters.count < Self.maximumWaiters else { return .refuse }
                state.asked[name, default: []].append(completion)
                return .wait
            }
            guard state.asked.count < Self.maximumQuestions else { return .refuse }
            state.asked[name] = [completion]
            state.queue.append(name)
            guard state.threads < maximumThreads else { return .wait }
            state.threads += 1
            return .startThread
        }
        switch step {
        case .wait: break
        case .refuse: completion(.failure(.busy(name)))
        case .startThread: startThread()
        }
    }

    private func startThread() {
        do {
            try LoopThread.start(name: "resolver") { [self] in work() }
        } catch {
            let unserved = state.withLock { state in
                state.threads -= 1
                guard state.threads == 0 else { return [Completion]() }
                let names = state.queue
                state.queue = []
                return names.flatMap { state.asked.removeValue(forKey: $0) ?? [] }
            }
            for completion in unserved {
                completion(.failure(NameError(message: error.message, isOurTrouble: true)))
            }
        }
    }

    private func work() {
        while let name = nextName() {
            let result = lookUp(name)
            let waiters = state.withLock { state in
                if case .success(let addresses) = result, lifetime > 0 {
                    if state.known.count >= Self.maximumKnown { state.known = [:] }
                    state.known[name] = Known(addresses: addresses, expires: monotonicNanoseconds() + lifetime)
                }
                return state.asked.removeValue(forKey: name) ?? []
            }
            for waiter in waiters { waiter(result) }
        }
    }

    private func nextName() -> String? {
        state.withLock { state in
            guard !state.queue.isEmpty else {
                state.threads -= 1
                return nil
            }
            return state.queue.removeFirst()
        }
    }
}

extension NameError {
    fileprivate static func busy(_ name: String) -> NameError {
        NameError(message: "Too many names wait for the resolver to ask for \(name) too.", isOurTrouble: true)
    }
}

/// Asks getaddrinfo(3) for stream addresses, and blocks meanwhile.
package let askSystemResolver: @Sendable (String) -> Result<[String], NameError> = { name in
    var hints = addrinfo()
    hints.ai_socktype = clinux_stream
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, nil, &hints, &list)
    guard code == 0 else {
        let shortage = code == EAI_MEMORY || code == EAI_SYSTEM && TransportError.isShortage(errno)
        return .failure(
            NameError(message: "\(name): \(String(cString: gai_strerror(code))).", isOurTrouble: shortage))
    }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next {
        if let text = numericText(entry.pointee), !addresses.contains(text) { addresses.append(text) }
        next = entry.pointee.ai_next
    }
    guard !addresses.isEmpty else {
        return .failure(NameError(message: "\(name) has no IPv4 or IPv6 address.", isOurTrouble: false))
    }
    return .success(addresses)
}

private func numericText(_ entry: addrinfo) -> String? {
    var buffer = [CChar](repeating: 0, count: 128)
    let code = getnameinfo(
        entry.ai_addr, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
    guard code == 0 else { return nil }
    return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
}
