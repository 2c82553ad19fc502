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
        let options = options
        return try await write(.create) { try options.writing($0).create(resource) }
    }

    package func update<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let options = options
        return try await write(.update) { try options.writing($0).update(resource) }
    }

    package func updateStatus<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let options = options
        return try await write(.updateStatus) { try options.writing($0).updateStatus(resource) }
    }

    package func delete(_ key: ResourceKey) async throws(StoreError) {
        let options = options
        try await write(.delete) { try options.writing($0).delete(key) }
    }
}

extension SQLiteStoreOptions {
    fileprivate func writing(_ database: Database) -> ResourceWriting {
        ResourceWriting(database: database, environment: environment, changesKept: changesKept)
    }
}
