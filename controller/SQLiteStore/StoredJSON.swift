// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ResourceStore

/// Values as JSON text with sorted keys, so that equal values are equal texts.
enum StoredJSON {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<T: Decodable>(_ type: T.Type, _ text: String, what: String) throws(StoreError) -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw StoreError.unreadable(what, cause: error)
        }
    }
}

extension StoreError {
    /// What is stored is well-formed SQLite, but not a value that this program knows.
    static func unreadable(_ what: String, cause: (any Error)?) -> StoreError {
        StoreError(
            .corrupt, "The store holds \(what) in a form that this program cannot read.",
            hint: "Use the rebound that wrote it; if there is none, delete it or name another file with --store.",
            cause: cause)
    }
}
