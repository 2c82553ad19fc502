// SPDX-License-Identifier: Apache-2.0

/// Where the file is looked for that halts everything.
package enum HaltFilePath {
    /// `HALT` in the folder of the store's file; nil for a store without one.
    package static func beside(store path: String) -> String? {
        guard path.hasPrefix("/") || path.contains("/") else { return path.hasPrefix(":") ? nil : "HALT" }
        return path[...(path.lastIndex(of: "/") ?? path.startIndex)] + "HALT"
    }
}
