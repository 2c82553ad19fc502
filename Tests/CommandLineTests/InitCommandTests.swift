// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import Testing

@Suite("rebound init")
struct InitCommandTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rebound-init-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Left behind, it hurts nobody.
        try body(folder)
    }

    @Test(
        "what it writes is valid, and says what was asked for",
        arguments: [
            ["--region", "us-west-2", "--group", "checkout", "--url", "https://pay.example/up"],
            ["--group", "on"], ["--group", "a \"quoted\" name"],
            ["--group", "# no comment"],
            [],
        ])
    func valid(options: [String]) throws {
        let result = try ProgramRun(["init", "-"] + options)
        #expect(result.status == 0, "\(result.notices)")
        let documents = try ManifestReader.read(result.output)
        guard case .experiment(let experiment) = try #require(documents.first) else {
            Issue.record("no experiment")
            return
        }
        let values = Dictionary(
            uniqueKeysWithValues: stride(from: 0, to: options.count, by: 2).map { (options[$0], options[$0 + 1]) })
        let instances = try #require(experiment.spec.faults.first?.targets.instances)
        #expect(instances.region == values["--region"])
        #expect(instances.autoScalingGroup == values["--group"] ?? "web")
        #expect(instances.tags == ["rebound:opt-in": "true"])
        #expect(result.output.split(separator: "\n").filter { $0.contains("# ") }.count >= 10)
    }

    @Test("a file that is there is never overwritten")
    func neverOverwrites() throws {
        try inFolder { folder in
            let path = folder + "/first.yaml"
            #expect(try ProgramRun(["init", path]).status == 0)
            let written = try String(contentsOfFile: path, encoding: .utf8)
            #expect(try ProgramRun(["validate", path]).status == 0)
            let again = try ProgramRun(["init", path, "--group", "other"])
            #expect(again.status == 2)
            #expect(again.notices.contains("is there already"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == written)
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/gone")
            #expect(try ProgramRun(["init", folder + "/link"]).status == 2)
            #expect(!FileManager.default.fileExists(atPath: folder + "/gone"))
        }
    }

    @Test(
        "an option that is no such thing is refused, and nothing is written",
        arguments: [
            ["--region", "narnia"], ["--region", ""], ["--url", "ftp://shop.example/"], ["--group", ""],
            ["--group", "a\nb"], ["--group", "back\\slash"], ["--url", "https://shop.example/\" }"],
        ])
    func refused(options: [String]) throws {
        try inFolder { folder in
            let result = try ProgramRun(["init", folder + "/first.yaml"] + options)
            #expect(result.status == 2)
            #expect(result.notices.contains("hint: "))
            #expect(!FileManager.default.fileExists(atPath: folder + "/first.yaml"))
        }
    }

    @Test("a folder that is not there is an error with a reason")
    func noFolder() throws {
        let result = try ProgramRun(["init", "/nowhere/at/all.yaml"])
        #expect(result.status == 4)
        #expect(result.notices.contains("No such file or directory"))
    }
}
