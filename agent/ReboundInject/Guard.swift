// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Faults
import Glibc
import HostSystem

/// The second process of every injection. It does nothing but wait for the first one's end, which closes a pipe, and
/// then sees to it that the fault is reverted. It also reverts when the deadline has passed and the first has not, as
/// when somebody has stopped it, and on signals.
struct Guard {
    var undoing: Undoing
    let id: String
    let deadline: MonotonicInstant

    /// How much later than the injector it acts, so that the injector's report is the one that counts.
    private static let grace = Duration.milliseconds(500)
    private static let tries = 120

    mutating func run() throws -> ExitCode {
        let signals = try Signals()
        if case .record(let record, _, _)? = try undoing.journal.entry(id) {
            undoing.remembered = HostFault(kind: record.kind, undo: record.undo)
        }
        guard undoing.remembered != nil else { return .dirty }
        write(1, "ready\n", 6)
        var sources = [
            pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let last = deadline.advanced(by: Self.grace)
        while HostClock.milliseconds(until: last) > 0 {
            let ready = poll(&sources, 2, HostClock.milliseconds(until: last))
            if ready > 0 { break }
        }
        for _ in 0..<Self.tries {
            if case .failed = undoing.revert(id, by: "guard") {
                // The lock, a slow host, or somebody else's root: tried again, and left to the journal in the end.
                poll(nil, 0, 500)
            } else {
                return .done
            }
        }
        return .dirty
    }
}

/// The injector's end of its guard.
final class GuardProcess {
    let process: Int32
    private let life: Pipe
    private let voice: Pipe

    /// Starts a guard and waits until it watches. Throws when it does not within 5 s.
    init(id: String, deadline: MonotonicInstant, folder: String) throws(HostError) {
        life = try Pipe()
        voice = try Pipe()
        process = try Program.start(
            ["/proc/self/exe", "guard", "--journal", folder, "--id", id, "--deadline", "\(deadline.nanoseconds)"],
            descriptors: [life.reading, voice.writing, -1], newSession: true)
        voice.closeWriting()
        life.closeReading()
        var source = pollfd(fd: voice.reading, events: Int16(POLLIN), revents: 0)
        var word = [UInt8](repeating: 0, count: 6)
        guard poll(&source, 1, 5_000) == 1, read(voice.reading, &word, 6) == 6 else {
            kill(process, SIGKILL)
            throw HostError(.failed, "the guard did not start", hint: "see whether this program may start itself")
        }
    }

    /// Becomes readable when the guard has ended.
    var descriptor: Int32 { voice.reading }
}
