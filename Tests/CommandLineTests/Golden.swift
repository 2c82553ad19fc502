// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Testing

/// Pages as they were read and approved, one file each beside the tests.
enum Golden {
    /// Compares with the approved page. With `REBOUND_GOLDEN=write` in the environment the page is approved as it is
    /// now.
    static func expect(_ text: String, is name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let path = folder + "/" + name
        if ProcessInfo.processInfo.environment["REBOUND_GOLDEN"] == "write" {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        let approved = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        #expect(text == approved, "\(name) differs", sourceLocation: sourceLocation)
    }

    private static var folder: String {
        let file = #filePath
        return file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex) + "/Golden"
    }
}
