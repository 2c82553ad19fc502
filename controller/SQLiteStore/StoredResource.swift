// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
import ResourceStore

/// One resource as it lies in its row. What the store alone sets is in columns of its own.
struct StoredResource {
    var key: ResourceKey
    var uid: String
    var version: Int64
    var generation: Int64
    /// `ObjectMetadata` without version and generation, which are columns.
    var metadata: ObjectMetadata
    var spec: String
    var status: String?

    /// The resource itself, read as one document.
    func resource<R: Resource>(_ type: R.Type) throws(StoreError) -> R {
        var full = metadata
        full.resourceVersion = String(version)
        full.generation = generation
        do {
            let document = """
                {"apiVersion":"\(key.kind.apiVersion)","kind":"\(key.kind.rawValue)",\
                "metadata":\(try StoredJSON.encode(full)),\
                "spec":\(spec)\(status.map { ",\"status\":" + $0 } ?? "")}
                """
            return try StoredJSON.decode(type, document, what: key.description)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unreadable(key.description, cause: error)
        }
    }
}

extension StoredResource {
    private static let columns =
        "SELECT kind, namespace, name, uid, version, generation, metadata, spec, status FROM resources"

    private init(row: Row) throws {
        let kind: String = row["kind"]
        guard let kind = ResourceKind(rawValue: kind) else {
            throw StoreError.unreadable("a resource of kind \(kind)", cause: nil)
        }
        key = ResourceKey(kind: kind, namespace: row["namespace"], name: row["name"])
        uid = row["uid"]
        version = row["version"]
        generation = row["generation"]
        metadata = try StoredJSON.decode(ObjectMetadata.self, row["metadata"], what: key.description)
        spec = row["spec"]
        status = row["status"]
    }

    static func fetch(_ key: ResourceKey, _ database: Database) throws -> StoredResource? {
        let statement = try database.cachedStatement(sql: columns + " WHERE kind = ? AND namespace = ? AND name = ?")
        let row = try Row.fetchOne(statement, arguments: [key.kind.rawValue, key.namespace, key.name])
        return try row.map(StoredResource.init(row:))
    }

    /// The version of the resource; nil when there is none.
    static func version(of key: ResourceKey, _ database: Database) throws -> Int64? {
        let sql = "SELECT version FROM resources WHERE kind = ? AND namespace = ? AND name = ?"
        return try Int64.fetchOne(
            database.cachedStatement(sql: sql), arguments: [key.kind.rawValue, key.namespace, key.name])
    }

    /// In the order of namespace and name.
    static func fetchAll(
        _ kind: ResourceKind, namespace: String?, labels: [String: String], _ database: Database
    ) throws -> [StoredResource] {
        try rows(columns, kind, namespace: namespace, labels: labels, database).map(StoredResource.init(row:))
    }

    /// The keys and versions of the same, without reading what they hold.
    static func versions(
        _ kind: ResourceKind, namespace: String?, labels: [String: String], _ database: Database
    ) throws -> [(key: ResourceKey, version: Int64)] {
        let columns = "SELECT namespace, name, version FROM resources"
        return try rows(columns, kind, namespace: namespace, labels: labels, database).map { row in
            (ResourceKey(kind: kind, namespace: row["namespace"], name: row["name"]), row["version"])
        }
    }

    private static func rows(
        _ columns: String, _ kind: ResourceKind, namespace: String?, labels: [String: String], _ database: Database
    ) throws -> [Row] {
        var sql = columns + " WHERE kind = ?"
        var arguments: StatementArguments = [kind.rawValue]
        if let namespace {
            sql += " AND namespace = ?"
            arguments += [namespace]
        }
        for (label, value) in labels.sorted(by: { $0.key < $1.key }) {
            // The parts of a run are looked for again and again, and have an index.
            sql +=
                label == "rebound/run"
                ? " AND json_extract(metadata, '$.labels.\"rebound/run\"') = ?"
                : " AND EXISTS (SELECT 1 FROM json_each(metadata, '$.labels') l WHERE l.key = ? AND l.value = ?)"
            arguments += label == "rebound/run" ? [value] : [label, value]
        }
        return try Row.fetchAll(database.cachedStatement(sql: sql + " ORDER BY namespace, name"), arguments: arguments)
    }

    /// The resources that name `uid` as an owner.
    static func owned(by uid: String, _ database: Database) throws -> [StoredResource] {
        let sql = columns + " WHERE uid IN (SELECT owned FROM owners WHERE owner = ?) ORDER BY kind, namespace, name"
        return try Row.fetchAll(database, sql: sql, arguments: [uid]).map(StoredResource.init(row:))
    }

    func insert(_ database: Database) throws {
        try database.cachedStatement(sql: "INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").execute(
            arguments: [
                key.kind.rawValue, key.namespace, key.name, uid, version, generation, try StoredJSON.encode(metadata),
                spec, status,
            ])
        try writeOwners(database)
    }

    func replace(_ database: Database) throws {
        try database.cachedStatement(
            sql: "UPDATE resources SET version = ?, generation = ?, metadata = ?, spec = ?, status = ? WHERE uid = ?"
        ).execute(arguments: [version, generation, try StoredJSON.encode(metadata), spec, status, uid])
    }

    func remove(_ database: Database) throws {
        try database.execute(sql: "DELETE FROM resources WHERE uid = ?", arguments: [uid])
    }

    /// Writes anew whom this resource names as its owners.
    func writeOwners(_ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM owners WHERE owned = ?").execute(arguments: [uid])
        for owner in metadata.ownerReferences ?? [] {
            try database.execute(sql: "INSERT OR IGNORE INTO owners VALUES (?, ?)", arguments: [uid, owner.uid])
        }
    }
}
