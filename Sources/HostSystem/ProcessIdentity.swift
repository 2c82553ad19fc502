// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A process as no later one can be mistaken for: its number, and when it started (proc(5), stat, field 22).
package struct ProcessIdentity: Sendable, Hashable {
    package var process: Int32
    /// Clock ticks since boot.
    package var startTicks: UInt64

    package init(process: Int32, startTicks: UInt64) {
        (self.process, self.startTicks) = (process, startTicks)
    }

    /// The process that has this number now; nil when none has, or it has ended and only waits to be collected.
    package static func current(_ process: Int32) -> Self? {
        guard let stat = ProcessStat(process), !stat.hasEnded else { return nil }
        return Self(process: process, startTicks: stat.startTicks)
    }

    /// The process that asks.
    package static var own: Self { current(getpid()) ?? Self(process: getpid(), startTicks: 0) }

    /// Whether it runs, or is stopped, and has not ended.
    package var isAlive: Bool { Self.current(process) == self }

    /// Sends a signal to this very process through a descriptor of it (pidfd_open(2)), so that a later process with
    /// its number is never hit. False when it has ended. Throws when the kernel forbids it.
    package func send(_ signal: Int32) throws(HostError) -> Bool {
        let opened = clinux_pidfd_open(process)
        if opened < 0 {
            if errno == ESRCH { return false }
            throw .system("cannot open process \(process)")
        }
        let descriptor = Descriptor(owning: opened)
        // Looked at after it was opened: what the descriptor stands for cannot change any more.
        guard isAlive else { return false }
        if clinux_pidfd_send_signal(descriptor.number, signal) != 0 {
            if errno == ESRCH { return false }
            throw .system("cannot send signal \(signal) to process \(process)")
        }
        return true
    }
}

/// What /proc/PID/stat says (proc(5)). The name, field 2, may itself hold spaces and brackets.
package struct ProcessStat: Sendable {
    package let name: String
    /// R, S, D, T (stopped), Z (ended), …
    package let state: Character
    package let parent: Int32
    package let flags: UInt64
    package let startTicks: UInt64
    /// User and system time, in clock ticks.
    package let cpuTicks: UInt64

    /// Nil when there is no such process.
    package init?(_ process: Int32) {
        guard let text = HostFile.text("/proc/\(process)/stat", limit: 4_096) else { return nil }
        self.init(parsing: text)
    }

    /// Nil when the text is not of that form.
    package init?(parsing text: String) {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return nil }
        let rest = text[text.index(after: close)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard rest.count >= 20, let state = rest[0].first, let parent = Int32(rest[1]), let flags = UInt64(rest[6]),
            let user = UInt64(rest[11]), let system = UInt64(rest[12]), let start = UInt64(rest[19])
        else { return nil }
        name = String(text[text.index(after: open)..<close])
        (self.state, self.parent, self.flags, startTicks) = (state, parent, flags, start)
        cpuTicks = user + system
    }

    package var hasEnded: Bool { "ZXx".contains(state) }
    package var isStopped: Bool { state == "T" }
    /// PF_KTHREAD of linux/sched.h.
    package var isKernelThread: Bool { flags & 0x20_0000 != 0 }
}
