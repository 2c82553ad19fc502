// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@Suite("The program rebound")
struct ProgramTests {
    @Test("version prints one line", arguments: [["version"], ["--version"]])
    func version(arguments: [String]) throws {
        let result = try ProgramRun(arguments)
        #expect(result.output.wholeMatch(of: /rebound [0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
        #expect(result.notices.isEmpty)
        #expect(result.status == 0)
    }

    @Test("version as JSON is one document")
    func versionJSON() throws {
        let result = try ProgramRun(["version", "-o", "json"])
        #expect(result.output.wholeMatch(of: /\{\n  "version" : "[0-9.]+"\n\}\n/) != nil)
    }

    @Test(
        "what is not understood is refused with exit code 2, an error and a hint, and nothing on standard output",
        arguments: [
            (["frob"], "Unexpected argument 'frob'"), (["version", "--frob"], "Unknown option '--frob'"),
            (["version", "-o", "xml"], "The value 'xml' is invalid"), (["completion"], "Missing expected argument"),
            (["completion", "tcsh"], "The value 'tcsh' is invalid"),
        ])
    func refused(arguments: [String], message: String) throws {
        let result = try ProgramRun(arguments)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.notices.contains("error: \(message)"))
        #expect(result.notices.contains("\nhint: See `rebound "))
    }

    @Test("every shell gets a completion script that names the commands", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let result = try ProgramRun(["completion", shell])
        #expect(result.status == 0)
        #expect(result.output.contains("completion") && result.output.contains("version"))
    }

    @Test("a reader that went away is no error")
    func brokenPipe() throws {
        let result = try ProgramRun(["completion", "bash"], outputClosed: true)
        #expect(result.status == 0)
        #expect(result.notices.isEmpty)
    }

    @Test("a full disk behind standard output is an error")
    func fullDisk() throws {
        let result = try ProgramRun(["version"], outputPath: "/dev/full")
        #expect(result.status == 4)
        #expect(result.notices.contains("error: the answer could not be written to standard output (errno 28)"))
    }
}

@Suite("Manifests on the command line")
struct ManifestCommandTests {
    private static let broken = """
        apiVersion: rebound.chaos/v1
        kind: Experiment
        metadata: { name: x }
        spec:
          hypothesis: It holds.
          fualts: []

        """

    @Test("every problem is on a line of its own, with file, line and column")
    func problems() throws {
        let result = try ProgramRun(["validate", "-f", "-"], input: Self.broken)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.notices.contains("-:6:3: spec.fualts: unknown field; did you mean faults?"))
        #expect(result.notices.contains("-:5:3: spec.limits: missing"))
        #expect(result.notices.contains("\nerror: 5 problems\nhint: "))
    }

    @Test("problems as JSON are one document with places")
    func problemsJSON() throws {
        let result = try ProgramRun(["validate", "-f", "-", "-o", "json"], input: Self.broken)
        #expect(result.status == 2)
        #expect(result.notices.isEmpty)
        #expect(result.output.contains("\"line\" : 6,") && result.output.contains("\"valid\" : false"))
    }

    @Test("a manifest that cannot be read is the operator's mistake", arguments: ["run", "plan", "validate"])
    func unreadable(command: String) throws {
        let result = try ProgramRun([command, "-f", "/nowhere/x.yaml"], environment: ["HOME": "/nowhere"])
        #expect(result.status == 2)
        #expect(result.notices.hasPrefix("error: /nowhere/x.yaml cannot be read: No such file or directory\nhint: "))
    }

    @Test("a broken manifest is refused before a store is opened", arguments: ["run", "plan"])
    func brokenRun(command: String) throws {
        let result = try ProgramRun([command, "-f", "-"], environment: ["HOME": "/nowhere"], input: Self.broken)
        #expect(result.status == 2)
        #expect(result.notices.contains("-:6:3: spec.fualts"))
    }

    @Test("run takes a manifest or the run to resume, and not both")
    func exclusive() throws {
        #expect(try ProgramRun(["run"]).status == 2)
        #expect(try ProgramRun(["run", "-f", "x", "--resume", "y"]).status == 2)
        #expect(try ProgramRun(["run", "--resume", "y", "--seed", "1"]).status == 2)
    }

    @Test("explain shows a field, and the nearest one for a slip")
    func explain() throws {
        let known = try ProgramRun(["explain", "experiment.spec.faults.ec2"])
        #expect(known.status == 0)
        #expect(known.output.contains("terminate") && known.notices.isEmpty)
        let slip = try ProgramRun(["explain", "experiment.spec.fualts"])
        #expect(slip.status == 2)
        #expect(slip.notices.contains("hint: did you mean experiment.spec.faults?"))
    }

    @Test("an interrupt while a manifest is read ends the program at once")
    func interruptedReading() throws {
        var program = try StartedProgram(["validate", "-f", "-"], program: "rebound", environment: [:])
        program.send(signal: 2)
        #expect(program.wait().status == 130)
    }
}

@Suite("The program rebound-controller")
struct ControllerProgramTests {
    @Test("runs until it is told to end, aborts nothing, and says so", arguments: [15, 2] as [Int32])
    func ends(signal: Int32) throws {
        let store = "/tmp/rebound-controller-\(signal)-\(getpid())"
        defer { for suffix in ["", "-wal", "-shm", "-reserve"] { unlink(store + suffix) } }
        var program = try StartedProgram(
            ["--store", store, "--log-format", "json"], program: "rebound-controller", environment: [:])
        let started = program.sees("controller started")
        #expect(started)
        program.send(signal: signal)
        let result = program.wait()
        #expect(result.status == 0)
        #expect(result.output.isEmpty)
        #expect(result.notices.contains("nothing was aborted"))
        #expect(result.notices.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test("refuses what it does not know", arguments: [["--log-format", "xml"], ["--frob"], ["now"]])
    func refuses(arguments: [String]) throws {
        let result = try ProgramRun(arguments, program: "rebound-controller")
        #expect(result.status == 2)
        #expect(result.notices.contains("hint: See `rebound-controller --help`."))
    }
}
