// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Synchronization

/// One run of a built program, from start to end.
struct ProgramRun {
    var status: Int32 = -1
    var output = ""
    var notices = ""

    /// Runs the program to its end. With `outputClosed` nobody reads its standard output; with `outputPath` it goes to
    /// that file.
    init(
        _ arguments: [String], program: String = "rebound", environment: [String: String] = [:], input: String? = nil,
        outputClosed: Bool = false, outputPath: String? = nil
    ) throws {
        var started = try StartedProgram(
            arguments, program: program, environment: environment, outputClosed: outputClosed, outputPath: outputPath)
        started.give(input: input ?? "")
        self = started.wait()
    }

    init(status: Int32, output: String, notices: String) {
        (self.status, self.output, self.notices) = (status, output, notices)
    }
}

/// A program that runs, with pipes to its three streams. Its standard error is a file so that waiting never needs two
/// readers.
struct StartedProgram {
    let processID: pid_t
    private var input: Int32
    private let output: Int32
    private let noticesPath: String

    init(
        _ arguments: [String], program: String, environment: [String: String], outputClosed: Bool = false,
        outputPath: String? = nil
    ) throws {
        let notices = "/tmp/rebound-test-\(UUID().uuidString)"
        noticesPath = notices
        (processID, input, output) = try Self.spawning.withLock { _ in
            try Self.spawn(arguments, program, environment, outputClosed: outputClosed, outputPath, notices)
        }
    }

    private static func spawn(
        _ arguments: [String], _ program: String, _ environment: [String: String], outputClosed: Bool,
        _ outputPath: String?, _ noticesPath: String
    ) throws -> (pid_t, Int32, Int32) {
        let (inputPipe, outputPipe) = (try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputPipe.reading, 0)
        if let outputPath {
            posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, outputPipe.writing, 1)
        }
        posix_spawn_file_actions_addopen(&actions, 2, noticesPath, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        if outputClosed { close(outputPipe.reading) }
        var child: pid_t = 0
        let path = folder + "/" + program
        let failure = withStrings([path] + arguments) { argv in
            withStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&child, path, &actions, nil, argv, envp)
            }
        }
        close(inputPipe.reading)
        close(outputPipe.writing)
        guard failure == 0 else { throw SpawnFailure(errno: failure) }
        return (child, inputPipe.writing, outputClosed ? -1 : outputPipe.reading)
    }

    /// Writes the input and closes it.
    mutating func give(input text: String) {
        if !text.isEmpty { _ = text.withCString { write(input, $0, strlen($0)) } }
        close(input)
        input = -1
    }

    func send(signal: Int32) { kill(processID, signal) }

    /// What the program wrote to standard error so far.
    var noticesSoFar: String {
        (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: noticesPath)), as: UTF8.self)) ?? ""
    }

    /// Waits for the end; a program ended by a signal has the status 128 and the signal's number, as in a shell.
    func wait() -> ProgramRun {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while output >= 0 {
            let count = read(output, &buffer, buffer.count)
            if count <= 0 { break }
            text += buffer.prefix(count)
        }
        if output >= 0 { close(output) }
        var status: Int32 = 0
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        let notices = noticesSoFar
        unlink(noticesPath)
        return ProgramRun(status: code, output: String(decoding: text, as: UTF8.self), notices: notices)
    }

    private struct SpawnFailure: Error { var errno: Int32 }

    /// Both ends are closed on exec, so that no other child of the tests holds them open.
    private struct Pipe {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw SpawnFailure(errno: errno) }
            (reading, writing) = (ends[0], ends[1])
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// Held from making pipes until the child has them: a child of another test must not be born in between.
    private static let spawning = Mutex(())

    /// The build folder: the programs lie beside the test bundle.
    private static var folder: String {
        let path = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
    }

    private static func withStrings<R>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        let pointers = texts.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }
}
