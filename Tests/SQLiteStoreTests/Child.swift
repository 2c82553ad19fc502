// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc

/// A `store-hammer` process that this test started. All calls block: use them inside `onThread`.
struct Child {
    let pid: pid_t
    /// Its standard output.
    private let output: Int32

    /// The helper lies beside the program that runs the tests.
    static let helper: String = {
        var path = [CChar](repeating: 0, count: 4_096)
        let length = readlink("/proc/self/exe", &path, path.count - 1)
        let program = String(decoding: path.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return String(program.prefix(upTo: program.lastIndex(of: "/") ?? program.endIndex)) + "/store-hammer"
    }()

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        // A socket pair, as a pipe that no other child inherits (pipe2) is not to be had from Swift.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SpawnError(code: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var words = ([Self.helper] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, Self.helper, &actions, nil, &words, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw SpawnError(code: code)
        }
        self.pid = pid
        output = ends[0]
    }

    /// Reads until this many bytes have come; less when the process ends first.
    func read(bytes wanted: Int) -> Int {
        var buffer = [UInt8](repeating: 0, count: wanted)
        var count = 0
        while count < wanted {
            let got = Glibc.read(output, &buffer, wanted - count)
            if got <= 0 { break }
            count += got
        }
        return count
    }

    func kill() { Glibc.kill(pid, SIGKILL) }

    /// Waits for its end. The signal that ended it, or 0, and its exit code.
    @discardableResult
    func wait() -> (signal: Int32, code: Int32) {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        close(output)
        return (status & 0x7F, (status >> 8) & 0xFF)
    }

    struct SpawnError: Error { var code: Int32 }
}

/// Runs what blocks on a thread of its own, off the shared pool.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "test.blocking").async { continuation.resume(with: Result(catching: body)) }
    }
}
