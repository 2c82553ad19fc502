// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// One run of a built program, from start to end.
struct ProgramRun {
    var status: Int32
    var output: String
    var notices: String

    init(status: Int32, output: String, notices: String) {
        (self.status, self.output, self.notices) = (status, output, notices)
    }

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
}

/// A program that runs, with pipes to its three streams.
struct StartedProgram {
    let processID: pid_t
    private var input: Int32
    private var output: Int32
    private var notices: Int32
    private var outputBytes: [UInt8] = []
    private var noticeBytes: [UInt8] = []

    init(
        _ arguments: [String], program: String, environment: [String: String], outputClosed: Bool = false,
        outputPath: String? = nil
    ) throws {
        let ends = try Self.spawning.withLock { _ in
            try Self.spawn(arguments, program, environment, outputClosed: outputClosed, outputPath)
        }
        (processID, input, output, notices) = (ends.processID, ends.input, ends.output, ends.notices)
    }

    /// Writes the input and closes it.
    mutating func give(input text: String) {
        if !text.isEmpty { _ = text.withCString { write(input, $0, strlen($0)) } }
        close(input)
        input = -1
    }

    func send(signal: Int32) { kill(processID, signal) }

    /// Reads until standard error contains `part`, or the program has ended. Returns whether it came.
    mutating func sees(_ part: String) -> Bool {
        while !String(decoding: noticeBytes, as: UTF8.self).contains(part) {
            if !readMore() { return false }
        }
        return true
    }

    /// Waits for the end; a program ended by a signal has the status 128 and the signal's number, as in a shell.
    mutating func wait() -> ProgramRun {
        while readMore() {}
        if input >= 0 { close(input) }
        var status: Int32 = 0
        while waitpid(processID, &status, 0) == -1, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        return ProgramRun(
            status: code, output: String(decoding: outputBytes, as: UTF8.self),
            notices: String(decoding: noticeBytes, as: UTF8.self))
    }

    /// Waits for bytes on either stream. False when both have ended.
    private mutating func readMore() -> Bool {
        var polled = [output, notices].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard output >= 0 || notices >= 0, poll(&polled, 2, -1) > 0 else { return false }
        if polled[0].revents != 0 { Self.read(&output, into: &outputBytes) }
        if polled[1].revents != 0 { Self.read(&notices, into: &noticeBytes) }
        return true
    }

    private static func read(_ descriptor: inout Int32, into bytes: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 { bytes += buffer.prefix(count) }
        guard count <= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}

/// How a program is started.
extension StartedProgram {
    private struct Ends {
        var processID: pid_t
        var input: Int32
        var output: Int32
        var notices: Int32
    }

    private struct SpawnFailure: Error { var errno: Int32 }

    /// Held from making pipes until the child has them: a child of another test must not be born in between.
    private static let spawning = Mutex(())

    private static func spawn(
        _ arguments: [String], _ program: String, _ environment: [String: String], outputClosed: Bool,
        _ outputPath: String?
    ) throws -> Ends {
        let (inputPipe, outputPipe, noticePipe) = (try Pipe(), try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputPipe.reading, 0)
        if let outputPath {
            posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, outputPipe.writing, 1)
        }
        posix_spawn_file_actions_adddup2(&actions, noticePipe.writing, 2)
        if outputClosed { close(outputPipe.reading) }
        var child: pid_t = 0
        let path = folder + "/" + program
        let failure = withStrings([path] + arguments) { argv in
            withStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&child, path, &actions, nil, argv, envp)
            }
        }
        for end in [inputPipe.reading, outputPipe.writing, noticePipe.writing] { close(end) }
        guard failure == 0 else { throw SpawnFailure(errno: failure) }
        return Ends(
            processID: child, input: inputPipe.writing, output: outputClosed ? -1 : outputPipe.reading,
            notices: noticePipe.reading)
    }

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
