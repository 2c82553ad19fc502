// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import HostSystem

/// SIGTERM, SIGINT and SIGHUP as something that is read when it is convenient (signalfd(2)): none of them can come in
/// the middle of an act.
final class Signals {
    let descriptor: Int32

    init() throws(HostError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        sigprocmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
        // SFD_CLOEXEC and SFD_NONBLOCK are the flags of open(2).
        descriptor = signalfd(-1, &set, O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0 { throw .system("cannot take signals") }
    }

    /// The name of a signal that has come; nil when none has.
    func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 128)
        guard read(descriptor, &bytes, bytes.count) == 128 else { return nil }
        let number = bytes.withUnsafeBytes { Int32($0.loadUnaligned(as: UInt32.self)) }
        return [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][number] ?? "a signal"
    }

    deinit { close(descriptor) }
}

/// What holds for the injector and its guard alike.
enum Standing {
    /// Descriptors 0, 1 and 2 are something, so that no other file gets their numbers; memory that runs out is taken
    /// from others first. The latter needs a right that not everybody has.
    static func take() {
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        if file >= 0 {
            _ = write(file, "-900", 4)
            close(file)
        }
        chdir("/")
        umask(0o077)
    }
}
