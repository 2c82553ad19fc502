// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import Digests
internal import FoundationEssentials
internal import Identity
internal import ResourceClient
internal import ResourceStore
internal import SQLiteStore

/// Where an audit is read, a page at a time.
protocol AuditPages: Sendable {
    /// The records after a sequence; none at the end.
    func entries(after: Int64) async throws -> [ChainedAuditEntry]
    /// The keys that whoever keeps the audit says have signed it.
    func claimedKeys() async throws -> [PublicKey]
}

/// The audit of a store on this machine. The keys lie beside a store that a controller serves.
struct StoreAudit: AuditPages {
    let store: SQLiteStore
    let path: String

    func entries(after: Int64) async throws -> [ChainedAuditEntry] {
        try await store.auditEntries(after: after, limit: 1_000)
    }

    func claimedKeys() throws -> [PublicKey] {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return try IdentityFolder.publicKeys(in: folder + "/identity")
    }
}

/// The audit of a server.
struct ServerAudit: AuditPages {
    private struct Page: Decodable {
        struct Record: Decodable {
            var sequence: Int64
            /// As it was hashed.
            var record: String
            var hash: String
        }
        struct Key: Decodable {
            var id: String
            var publicKey: String
        }
        var items: [Record]
        var signingKeys: [Key]?
    }

    let client: ResourceClient

    func entries(after: Int64) async throws -> [ChainedAuditEntry] {
        try await page(after: after, limit: 1_000).items.map { item in
            guard let hash = Hex.bytes(item.hash) else {
                throw CommandFailure(
                    .error, "the server sent record \(item.sequence) with the hash \(item.hash)",
                    hint: "A hash is 64 hexadecimal digits. Check that the server is a Rebound controller.")
            }
            return ChainedAuditEntry(sequence: item.sequence, record: Array(item.record.utf8), hash: hash)
        }
    }

    func claimedKeys() async throws -> [PublicKey] {
        try await page(after: 0, limit: 1).signingKeys?.map { key in
            try PublicKey(pem: Array(key.publicKey.utf8), name: "the server's key \(key.id)")
        } ?? []
    }

    /// The server counts from 1: there is nothing before that it could send.
    private func page(after: Int64, limit: Int) async throws -> Page {
        let path = ResourcePath.group("audit").with("after", String(max(0, after))).with("limit", String(limit))
        let body = try await client.send("GET", path)
        do { return try JSONDecoder().decode(Page.self, from: Data(body)) } catch {
            throw CommandFailure(
                .error, "the server's answer about its audit cannot be read",
                hint: "Check that the server is a Rebound controller of this version.")
        }
    }
}

extension CommandContext {
    /// Does `body` with the audit of the server that is meant, or of the store on this machine.
    func withAudit<R: Sendable>(_ place: PlaceOptions, _ body: (any AuditPages) async throws -> R) async throws -> R {
        if try place.serverContext(environment: console.environment) != nil {
            return try await withServer(place, for: "this audit") { try await body(ServerAudit(client: $0)) }
        }
        var file = StoreFileOption()
        file.store = place.store
        let path = try file.path(self)
        return try await file.withStore(self) { try await body(StoreAudit(store: $0, path: path)) }
    }
}
