// SPDX-License-Identifier: Apache-2.0
import CLinux
import FaultModel
import Glibc

/// Starts programs by argument vector, never through a shell (posix_spawn(3)).
package enum Program {
    /// What a program that has ended left.
    package struct Outcome: Sendable {
        /// The exit status; 128 and the signal's number when a signal ended it.
        package var status: Int32
        package var output: [UInt8]
        package var complaint: String
    }

    /// Programs get nothing of our environment but where tools are, and speak English.
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]

    /// The path of a tool in the folders where the system keeps them; nil when it is in none.
    package static func path(of tool: String) -> String? {
        ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { "\($0)/\(tool)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end, at most `milliseconds`, and reads at most 4 MiB of what it writes. `input`, at most
    /// 64 KiB, which is what a pipe holds, is its standard input. Throws `timedOut` after killing it, and when it
    /// cannot be started.
    package static func run(
        _ arguments: [String], input: String = "", milliseconds: Int64 = 10_000
    ) throws(HostError) -> Outcome {
        let feed = try Pipe()
        guard input.utf8.count <= 65_536,
            Array(input.utf8).withUnsafeBytes({ write(feed.writing, $0.baseAddress, $0.count) }) == input.utf8.count
        else {
            throw HostError(.failed, "too much input for \(arguments[0])", hint: "choose fewer destinations")
        }
        feed.closeWriting()
        let output = try Pipe()
        let complaint = try Pipe()
        let process = try start(
            arguments, environment: environment, descriptors: [feed.reading, output.writing, complaint.writing])
        output.closeWriting()
        complaint.closeWriting()
        var heard: [[UInt8]] = [[], []]
        let deadline = HostClock.monotonic.advanced(by: .milliseconds(milliseconds))
        let isWhole = gather(from: [output.reading, complaint.reading], into: &heard, until: deadline)
        if !isWhole { kill(process, SIGKILL) }
        let status = wait(for: process)
        if !isWhole {
            throw HostError(
                .timedOut, "\(arguments[0]) did not end within \(milliseconds) ms",
                hint: "look at the host's load, and try again")
        }
        return Outcome(status: status, output: heard[0], complaint: String(decoding: heard[1], as: UTF8.self))
    }

    /// Starts a program with these descriptors as its 0, 1, 2, …; -1 is /dev/null. Others are closed in it. All signals
    /// are unblocked and as by default there. Throws when it cannot be started.
    package static func start(
        _ arguments: [String], environment: [String] = environment, descriptors: [Int32], newSession: Bool = false
    ) throws(HostError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in descriptors.enumerated() {
            if descriptor < 0 {
                posix_spawn_file_actions_addopen(&actions, Int32(place), "/dev/null", O_RDWR, 0)
            } else {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
            }
        }
        _ = clinux_spawn_close_from(&actions, Int32(descriptors.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // POSIX_SPAWN_SETSID (0x80, spawn.h) is hidden without _GNU_SOURCE.
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (newSession ? 0x80 : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var process: pid_t = 0
        let failure = withCStrings(arguments) { words in
            withCStrings(environment) { posix_spawn(&process, arguments[0], &actions, &attributes, words, $0) }
        }
        if failure != 0 { throw .system("cannot start \(arguments[0])", errno: failure) }
        return process
    }

    /// Waits for a child to end. The status is as in `Outcome`.
    package static func wait(for process: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    }

    private static func gather(from sources: [Int32], into heard: inout [[UInt8]], until deadline: MonotonicInstant)
        -> Bool
    {
        var open = sources.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while open.contains(where: { $0.fd >= 0 }) {
            let left = HostClock.milliseconds(until: deadline)
            if left == 0 || heard.contains(where: { $0.count > 4 << 20 }) { return false }
            if poll(&open, nfds_t(open.count), left) < 0, errno != EINTR { return false }
            for place in open.indices where open[place].fd >= 0 && open[place].revents != 0 {
                let count = Glibc.read(open[place].fd, &buffer, buffer.count)
                if count > 0 { heard[place] += buffer[..<count] }
                if count == 0 { open[place].fd = -1 }
            }
        }
        return true
    }

    private static func withCStrings<R>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { list in
            // The list ends with nil, so that it is never empty.
            body(list.baseAddress.unsafelyUnwrapped)
        }
    }
}

/// Both ends of a pipe, neither inherited by programs unless handed to them.
package final class Pipe {
    package private(set) var reading: Int32
    package private(set) var writing: Int32

    /// pipe2(2).
    package init() throws(HostError) {
        var ends: [Int32] = [-1, -1]
        if clinux_pipe(&ends, O_CLOEXEC) != 0 { throw .system("cannot make a pipe") }
        (reading, writing) = (ends[0], ends[1])
    }

    /// Closes our writing end, so that the reader sees the end when every other is closed.
    package func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    /// Closes our reading end.
    package func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    deinit {
        closeReading()
        closeWriting()
    }
}
