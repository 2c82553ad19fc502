// SPDX-License-Identifier: Apache-2.0
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
