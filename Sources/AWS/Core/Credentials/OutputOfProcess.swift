// SPDX-License-Identifier: Apache-2.0
import CLinux
import Dispatch
import Glibc
import Synchronization

/// What a program printed, and how it ended: its exit status, or 128 and the number of the signal that ended it.
struct ProcessOutput: Sendable {
    var bytes: [UInt8]
    var exitStatus: Int32
}

enum ProcessOutputError: Error, Sendable {
    case notStarted(String)
    case tooMuchOutput
    case timedOut
    case cancelled
}

/// Runs a program to its end and takes its standard output, within bounds. Its standard input is empty and its error
/// output is thrown away. When a bound is passed, its whole process group is killed.
enum OutputOfProcess {
    /// Nobody's thread pool should wait for programs.
    private static let queue = DispatchQueue(label: "credential-process", attributes: .concurrent)

    static func run(
        _ words: [String], variables: [String: String], largestOutput: Int, deadline: Duration
    ) async throws(ProcessOutputError) -> ProcessOutput {
        let flag = CancellationFlag()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    continuation.resume(
                        returning: Result<ProcessOutput, ProcessOutputError> { () throws(ProcessOutputError) in
                            try RunningProcess(words, variables).finish(largestOutput, deadline, flag)
                        })
                }
            }
        } onCancel: {
            flag.raise()
        }
        return try result.get()
    }
}

/// Says to another thread that nobody waits any more.
final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    func raise() { value.store(true, ordering: .relaxed) }

    var isRaised: Bool { value.load(ordering: .relaxed) }
}

/// A child in a process group of its own, and the pipe from it. Reaped in `finish`, whatever happens.
private struct RunningProcess: ~Copyable {
    private let child: pid_t
    private let output: Int32

    init(_ words: [String], _ variables: [String: String]) throws(ProcessOutputError) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends, O_CLOEXEC) == 0 else { throw .notStarted(String(cString: strerror(errno))) }
        var child: pid_t = 0
        let code = Self.spawn(words, variables, writing: ends[1], &child)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw .notStarted(String(cString: strerror(code)))
        }
        (self.child, output) = (child, ends[0])
    }

    deinit { close(output) }

    /// posix_spawnp(3) with a fresh process group, no inherited descriptors, and signals as usual.
    private static func spawn(
        _ words: [String], _ variables: [String: String], writing end: Int32, _ child: inout pid_t
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, end, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        clinux_spawn_close_from(&actions, 3)
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for pointer in arguments + environment { free(pointer) }
        }
        return posix_spawnp(&child, words[0], &actions, &attributes, &arguments, &environment)
    }

    /// Reads to the end of the output, then reaps the child.
    consuming func finish(
        _ largest: Int, _ deadline: Duration, _ flag: CancellationFlag
    ) throws(ProcessOutputError) -> ProcessOutput {
        let end = SystemAWSClock().monotonicNanoseconds() + deadline.clampedNanoseconds
        var bytes: [UInt8] = []
        do throws(ProcessOutputError) {
            while try readMore(&bytes, until: end, flag) {
                guard bytes.count <= largest else { throw ProcessOutputError.tooMuchOutput }
            }
            return ProcessOutput(bytes: bytes, exitStatus: try status(until: end, flag))
        } catch {
            kill(-child, SIGKILL)
            reap()
            throw error
        }
    }

    /// False at the end of the output. Looks up every 50 ms to see whether somebody still waits.
    private borrowing func readMore(
        _ bytes: inout [UInt8], until end: Int64, _ flag: CancellationFlag
    ) throws(ProcessOutputError) -> Bool {
        var question = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        while poll(&question, 1, 50) <= 0 { try checkTime(end, flag) }
        var part = [UInt8](repeating: 0, count: 4_096)
        let count = read(output, &part, part.count)
        if count < 0, errno == EINTR { return true }
        bytes += part[..<max(0, count)]
        try checkTime(end, flag)
        return count > 0
    }

    /// A child that closed its output may still run.
    private borrowing func status(until end: Int64, _ flag: CancellationFlag) throws(ProcessOutputError) -> Int32 {
        var status: Int32 = 0
        while true {
            let reaped = waitpid(child, &status, WNOHANG)
            if reaped == child { break }
            if reaped < 0, errno != EINTR { throw .notStarted(String(cString: strerror(errno))) }
            try checkTime(end, flag)
            usleep(2_000)
        }
        let signal = status & 0x7F  // wait(2): the low bits are the signal, the next byte the exit status.
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private borrowing func checkTime(_ end: Int64, _ flag: CancellationFlag) throws(ProcessOutputError) {
        if flag.isRaised { throw .cancelled }
        if SystemAWSClock().monotonicNanoseconds() >= end { throw .timedOut }
    }

    private borrowing func reap() {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }
}
