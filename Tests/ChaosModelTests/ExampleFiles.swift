// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The example manifests and other files of the repository, found from this file's place.
enum ExampleFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let names: [String] = {
        let folder = root.appending(path: "deploy/examples").path
        // No folder means no names, and that fails the test that counts them.
        let found = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return found.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    static func text(_ name: String) throws -> String { try repositoryText("deploy/examples/\(name)") }

    static func repositoryText(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}
