// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import Testing

@testable import AWS

@Suite("files and variables")
struct FileTests {
    private static func folder() throws -> String {
        var template = Array("/tmp/rebound-aws-XXXXXX".utf8CString)
        return String(cString: try #require(mkdtemp(&template)))
    }

    @Test("a missing file is nil, a folder in its place is an error, a huge one is refused")
    func reads() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Litter in /tmp harms no test.
        #expect(try AWSFiles.read(folder + "/none") == nil)
        #expect(try AWSFiles.read(folder + "/none/below") == nil)
        #expect(throws: AWSFileError.self) { try AWSFiles.read(folder) }
        #expect(FileManager.default.createFile(atPath: folder + "/a", contents: Data("text".utf8)))
        #expect(try AWSFiles.read(folder + "/a") == Array("text".utf8))
        #expect(FileManager.default.createFile(atPath: folder + "/big", contents: Data(count: AWSFiles.largest + 1)))
        #expect(throws: AWSFileError.self) { try AWSFiles.read(folder + "/big") }
    }

    @Test("a file is replaced whole, for its owner alone, and nothing else is left")
    func replaces() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Litter in /tmp harms no test.
        for text in ["first", "second, and longer"] {
            try AWSFiles.replace(folder + "/a", with: Array(text.utf8))
            #expect(try AWSFiles.read(folder + "/a") == Array(text.utf8))
        }
        var status = stat()
        #expect(stat(folder + "/a", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
        #expect(throws: AWSFileError.self) { try AWSFiles.replace(folder + "/none/a", with: []) }
    }

    @Test("this process's environment is taken over, and an empty variable counts as none")
    func environment() throws {
        let environment = AWSEnvironment.ofThisProcess()
        #expect(environment.value("PATH")?.isEmpty == false)
        #expect(environment.homeDirectory?.hasPrefix("/") == true)
        #expect(AWSEnvironment(variables: ["A": ""], homeDirectory: nil).value("A") == nil)
        #expect(AWSEnvironment(variables: [:], homeDirectory: "/h").expanded("~/x") == "/h/x")
        #expect(AWSEnvironment(variables: [:], homeDirectory: nil).expanded("~/x") == nil)
    }
}
