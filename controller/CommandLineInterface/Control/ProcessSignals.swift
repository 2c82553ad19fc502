// SPDX-License-Identifier: Apache-2.0

// Sources are not marked Sendable, though dispatch_source_cancel(3) may be called from any thread; that is all we do
// with them.
@preconcurrency internal import Dispatch
internal import Glibc

/// The signals by which an operator, a terminal or an init system asks this process to end, or to halt everything.
package enum ProcessSignals {
    /// SIGINT, SIGTERM and SIGHUP as they arrive, and no longer as reasons to die. Dispatch reads them from a
    /// descriptor of its own, so nothing of ours runs inside a signal handler. A SIGHUP that was ignored at the start
    /// (nohup) stays ignored.
    package static func stream() -> AsyncStream<Int32> {
        var signals = [SIGINT, SIGTERM]
        if !isIgnored(SIGHUP) { signals.append(SIGHUP) }
        return stream(of: signals)
    }

    /// SIGUSR1, the order to halt, by its name.
    package static func halts() -> AsyncStream<String> {
        let numbers = stream(of: [SIGUSR1])
        return AsyncStream {
            for await number in numbers { return name(number) }
            return nil
        }
    }

    /// These signals, in the same way.
    package static func stream(of signals: [Int32]) -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let queue = DispatchQueue(label: "rebound.signals")
            let sources = signals.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield(number) }
                source.activate()
                return source
            }
            continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
        }
    }

    package static func name(_ number: Int32) -> String {
        switch number {
        case SIGINT: "interrupt"
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        case SIGUSR1: "SIGUSR1"
        default: "signal \(number)"
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
