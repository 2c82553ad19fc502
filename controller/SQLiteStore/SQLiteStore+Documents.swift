package import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests
import GRDB
package import ResourceStore

extension SQLiteStore {
    package func getDocument(_ key: ResourceKey) async throws(StoreError) -> StoredDocument? {
        var query = DocumentQuery(kind: key.kind, namespace: key.namespace)
        query.fields = [FieldRequirement("metadata.name", to: key.name)]
        let only = query
        return try await read { database in
            try DocumentReading(database: database, query: only, place: nil).fetch(limit: 1).first
        }
    }

    package func listDocuments(_ query: DocumentQuery) async throws(StoreError) -> DocumentPage {
        var place = try query.continuation.map(ListPlace.init(continuation:))
        if place == nil { place = try query.version.map(ListPlace.init(version:)) }
        var query = query
        if !query.kind.isNamespaced { query.namespace = nil }
        for field in query.fields { try field.checkSelectable(query.kind) }
        if let limit = query.limit, limit < 1 { query.limit = nil }
        let (asked, from) = (query, place)
        return try await read { database in try DocumentReading(database: database, query: asked, place: from).page() }
    }

    package func watchDocuments(
        _ kind: ResourceKind, namespace: String?, after version: String, bookmarks: Duration?
    ) -> AsyncThrowingStream<DocumentEvent, any Error> {
        let scope = WatchScope(kind: kind, namespace: kind.isNamespaced ? namespace : nil)
        let feed = ChangeFeed(store: self, scope: scope, after: version, bookmarks: bookmarks)
        return AsyncThrowingStream {
            switch try await feed.next() {
            case .change(let logged): .change(logged.change, try logged.document())
            case .bookmark(let version): .bookmark(resourceVersion: String(version))
            case nil: nil
            }
        }
    }
}

/// How far a list has come: its version, and the last key that was given.
struct ListPlace: Equatable {
    var version: Int64
    var namespace: String
    var name: String

    init(version: Int64, after key: ResourceKey) {
        self.version = version
        namespace = key.namespace
        name = key.name
    }

    init(continuation: String) throws(StoreError) {
        let text = Hex.bytes(continuation).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let version = Int64(parts[0]), version >= 0 else {
            throw StoreError(
                .invalid, "\"\(continuation.prefix(100))\" continues no list of this store.",
                hint: "Give the `continue` of the page before unchanged, or none to begin anew.")
        }
        self.version = version
        namespace = parts[1]
        name = parts[2]
    }

    /// Before everything that there was at a version.
    init(version text: String) throws(StoreError) {
        guard let version = Int64(text), version >= 0 else {
            throw StoreError(
                .invalid, "\"\(text.prefix(100))\" is no version of this store.", hint: "Give one that a list gave.")
        }
        (self.version, namespace, name) = (version, "", "")
    }

    var continuation: String { Hex.text(Array("\(version)/\(namespace)/\(name)".utf8)) }
}

extension FieldRequirement {
    fileprivate func checkSelectable(_ kind: ResourceKind) throws(StoreError) {
        let known = Self.selectable(kind)
        guard !known.contains(path) else { return }
        throw StoreError(
            .invalid, "\(kind.rawValue) cannot be selected by the field \"\(path)\".",
            hint: "Select by \(known.joined(separator: ", ")), or by labels.")
    }
}
