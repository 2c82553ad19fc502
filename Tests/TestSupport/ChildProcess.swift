// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A program that a test runs, with its output to read. Killed when released.
///
/// Not Foundation's `Process`: that reads past the end of a buffer while it lists open descriptors, and now and then
/// dies of it (seen with AddressSanitizer in Swift 6.3.1).
package final class ChildProcess: Sendable {
    private let process: pid_t
    /// Held open, so that a program that ends with its standard input lives as long as this.
    private let input: Int32
    private let output: Int32
    private let state = Mutex(State())

    private struct State {
        var unread: [UInt8] = []
        var status: Int32?
    }

    /// Starts the program, given by its path; standard error is thrown away.
    package init(_ path: String, _ arguments: [String]) throws {
        let (childInput, input) = Self.channel()
        let (output, childOutput) = Self.channel()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, childInput, 0)
        posix_spawn_file_actions_adddup2(&actions, childOutput, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        var process = pid_t()
        let code = posix_spawn(&process, path, &actions, nil, &words, environ)
        posix_spawn_file_actions_destroy(&actions)
        for word in words { free(word) }
        close(childInput)
        close(childOutput)
        (self.process, self.input, self.output) = (process, input, output)
        guard code == 0 else {
            state.withLock { $0.status = code }
            throw TestToolFailure(command: path)
        }
    }

    deinit {
        if state.withLock({ $0.status }) == nil {
            kill(process, SIGKILL)
            _ = waitForExit()
        }
        close(input)
        close(output)
    }

    /// The next line of its output without the line end; nil at the end of the output.
    package func readLine() -> String? {
        state.withLock { state in
            while true {
                if let end = state.unread.firstIndex(of: 0x0A) {
                    defer { state.unread.removeFirst(end + 1) }
                    return String(decoding: state.unread[..<end], as: UTF8.self)
                }
                var room = [UInt8](repeating: 0, count: 4096)
                let count = read(output, &room, room.count)
                guard count > 0 else { return nil }
                state.unread += room[..<count]
            }
        }
    }

    /// Waits and returns the status as waitpid(2) has it: 0 for a good end.
    @discardableResult
    package func waitForExit() -> Int32 {
        state.withLock { state in
            if let status = state.status { return status }
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            state.status = status
            return status
        }
    }

    /// Sockets, because they can be made so that no other child inherits them.
    private static func channel() -> (one: Int32, other: Int32) {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        precondition(socketpair(AF_UNIX, kind, 0, &pair) == 0, "socketpair: \(errno)")
        return (pair[0], pair[1])
    }
}

/// A tool that a test needs did not do its work.
package struct TestToolFailure: Error {
    package var command: String

    package init(command: String) { self.command = command }
}
