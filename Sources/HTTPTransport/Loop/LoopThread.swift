// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Starts threads of our own, with every signal blocked: handlers run elsewhere, and a write to a closed TLS
/// connection raises SIGPIPE in the writing thread, where it must stay pending (signal(7)).
enum LoopThread {
    /// The loop's context changes hands once, from its maker to its thread, before anybody else can reach it.
    private final class Start {
        let name: String
        let body: () -> Void
        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    static func start(name: String, isUrgent: Bool, running context: sending LoopContext) throws(TransportError) {
        try start(name: name) {
            if isUrgent { makeThisThreadUrgent() }
            context.run()
        }
    }

    /// Runs `body` on a new detached thread.
    static func start(name: String, body: sending @escaping () -> Void) throws(TransportError) {
        var signals = sigset_t()
        var before = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_SETMASK, &signals, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_set_thread_name(start.name)
                // The default slack of 50 µs would show at every planned instant (PR_SET_TIMERSLACK, prctl(2)).
                _ = clinux_set_timer_slack(1)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .noDescriptor("pthread_create", code)
        }
        pthread_detach(thread)
    }

    /// Runs before ordinary threads, by the real-time clock's rules where there is another processor for the rest of
    /// the machine (sched(7)). Refused without CAP_SYS_NICE; then the thread runs like any other.
    private static func makeThisThreadUrgent() {
        if sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1, clinux_set_thread_round_robin(1) == 0 { return }
        _ = clinux_set_thread_priority(-10)
    }
}
