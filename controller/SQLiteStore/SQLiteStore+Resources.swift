// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import GRDB
package import ResourceStore

extension SQLiteStore {
    package func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws(StoreError) -> R? {
        let key = ResourceKey(kind: R.kind, namespace: namespace, name: name)
        return try await read { database in try StoredResource.fetch(key, database)?.resource(type) }
    }

    package func list<R: Resource>(
        _ type: R.Type, namespace: String?, labels: [String: String]
    ) async throws(StoreError) -> ResourceList<R> {
        let namespace = R.kind.isNamespaced ? namespace : nil
        return try await read { database in
            let stored = try StoredResource.fetchAll(R.kind, namespace: namespace, labels: labels, database)
            let version = try database.storeVersion()
            return ResourceList(items: try stored.map { try $0.resource(type) }, resourceVersion: String(version))
        }
    }

    package func create<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        return try await write(.create) { try options.writing($0, by: origin).create(resource) }
    }

    package func update<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        return try await write(.update) { try options.writing($0, by: origin).update(resource) }
    }

    package func updateStatus<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        return try await write(.updateStatus) { try options.writing($0, by: origin).updateStatus(resource) }
    }

    package func delete(_ key: ResourceKey) async throws(StoreError) {
        let (options, origin) = (options, WriteOrigin.current)
        try await write(.delete) { try options.writing($0, by: origin).delete(key) }
    }
}

extension SQLiteStoreOptions {
    func writing(_ database: Database, by origin: WriteOrigin) -> ResourceWriting {
        let audit = AuditWriting(database: database, digest: digest)
        let log = ChangeLog(
            database: database, audit: audit, origin: origin, at: environment.now(), limits: changeLimits)
        return ResourceWriting(database: database, environment: environment, log: log)
    }
}
