// SPDX-License-Identifier: Apache-2.0

/// Where the tests find the project's files.
enum Repository {
    /// The folder of Package.swift, counted from this file.
    static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(5)
        return "/" + parts.joined(separator: "/")
    }()
}
