// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// AWS as moto's server plays it, in a process of its own on a free loopback port. Ends with this process, also when
/// that is killed: the server ends itself when its standard input does.
package final class MotoServer: Sendable {
    /// `http://127.0.0.1:port`.
    package let url: String
    private let process: pid_t
    private let input: Int32
    private let isStopped = Mutex(false)

    /// One server for all tests of this process. Regions keep them apart: each has a state of its own.
    package static let shared = MotoServer()

    private static let program = """
        import os, sys, threading
        def follow():
            sys.stdin.buffer.read()
            os._exit(0)
        threading.Thread(target=follow, daemon=True).start()
        from moto.server import main
        main(["-H", "127.0.0.1", "-p", "0"])
        """

    /// Starts a server and waits until it listens. Stops the process if there is none to be had: no test that needs it
    /// could pass.
    package init(python: String = MotoServer.python) {
        let (toServer, input) = Self.pipe()
        let (output, fromServer) = Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, toServer, 0)
        posix_spawn_file_actions_adddup2(&actions, fromServer, 1)
        posix_spawn_file_actions_adddup2(&actions, fromServer, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = [python, "-c", Self.program].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        var process = pid_t()
        let code = posix_spawn(&process, python, &actions, nil, &arguments, environ)
        precondition(code == 0, "\(python) cannot be started (\(code)): set REBOUND_PYTHON to a Python with moto")
        posix_spawn_file_actions_destroy(&actions)
        for argument in arguments { free(argument) }
        close(toServer)
        close(fromServer)
        guard let url = Self.awaitURL(output) else { preconditionFailure("moto did not start with \(python)") }
        (self.url, self.process, self.input) = (url, process, input)
        startTestThread { Self.drain(output) }
    }

    deinit { stop() }

    /// Ends the server and waits until it has ended. May be repeated.
    package func stop() {
        isStopped.withLock { isStopped in
            guard !isStopped else { return }
            isStopped = true
            close(input)
            kill(process, SIGTERM)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        }
    }

    /// `REBOUND_PYTHON`, from the project's folder if it is relative, else the project's own virtual environment.
    package static let python: String = {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let chosen = getenv("REBOUND_PYTHON").map { String(cString: $0) } ?? ".build/venv/bin/python3"
        return chosen.hasPrefix("/") ? chosen : "\(root)/\(chosen)"
    }()

    /// Sockets, because they can be made so that no other child inherits them: it would keep the server alive.
    private static func pipe() -> (read: Int32, write: Int32) {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        precondition(socketpair(AF_UNIX, kind, 0, &pair) == 0, "socketpair: \(errno)")
        return (pair[0], pair[1])
    }

    /// From the server's own line ` * Running on http://127.0.0.1:12345`; nil if it ends without saying so.
    private static func awaitURL(_ output: Int32) -> String? {
        var said = ""
        while let more = read(output) {
            said += more
            guard let start = said.firstRange(of: "http://127.0.0.1:") else { continue }
            let port = said[start.upperBound...].prefix { $0.isNumber }
            if !port.isEmpty, port.endIndex < said.endIndex { return "http://127.0.0.1:\(port)" }
        }
        return nil
    }

    /// A full pipe would stop the server.
    private static func drain(_ output: Int32) {
        while read(output) != nil {}
        close(output)
    }

    private static func read(_ descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
