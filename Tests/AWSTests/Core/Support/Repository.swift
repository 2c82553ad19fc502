// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Where the tests find the project's files.
enum Repository {
    /// The folder of Package.swift, counted from this file.
    static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(5)
        return "/" + parts.joined(separator: "/")
    }()

    /// A Python with boto3 and moto: `REBOUND_PYTHON`, or the project's own virtual environment.
    static let python: String =
        ProcessInfo.processInfo.environment["REBOUND_PYTHON"].map { $0.hasPrefix("/") ? $0 : "\(root)/\($0)" }
        ?? "\(root)/.build/venv/bin/python3"
}
