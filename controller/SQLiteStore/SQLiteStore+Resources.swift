// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import GRDB
package import ResourceStore

extension SQLiteStore {
    package func get<R: Resource>(_ type: R.Type, namespace: String, name: String) async throws(StoreError) -> R? {
        let key = ResourceKey(kind: R.kind, namespace: namespace, name: name)
        return try await look { [decoded] database in
            guard let version = try StoredResource.version(of: key, database) else { return nil }
            if let known = decoded.resource(type, key, at: version) { return known }
            guard let stored = try StoredResource.fetch(key, database) else { return nil }
            let resource = try stored.resource(type)
            decoded.keep(resource, key, at: stored.version)
            return resource
        }
    }

    package func list<R: Resource>(
        _ type: R.Type, namespace: String?, labels: [String: String]
    ) async throws(StoreError) -> ResourceList<R> {
        let namespace = R.kind.isNamespaced ? namespace : nil
        let question = DecodedResources.Question(kind: R.kind, namespace: namespace, labels: labels)
        let known: ResourceList<R>? = try await look { [decoded] database in
            let version = try database.storeVersion()
            return decoded.list(type, question, at: version).map {
                ResourceList(items: $0, resourceVersion: String(version))
            }
        }
        if let known { return known }
        return try await read { [decoded] database in
            let version = try database.storeVersion()
            let versions = try StoredResource.versions(R.kind, namespace: namespace, labels: labels, database)
            let known = versions.compactMap { decoded.resource(type, $0.key, at: $0.version) }
            if known.count == versions.count {
                decoded.keep(known, question, at: version)
                return ResourceList(items: known, resourceVersion: String(version))
            }
            let stored = try StoredResource.fetchAll(R.kind, namespace: namespace, labels: labels, database)
            let isKept = decoded.isKept(ofLength: stored.count)
            let items = try stored.map { stored in
                if let known = decoded.resource(type, stored.key, at: stored.version) { return known }
                let resource = try stored.resource(type)
                if isKept { decoded.keep(resource, stored.key, at: stored.version) }
                return resource
            }
            decoded.keep(items, question, at: version)
            return ResourceList(items: items, resourceVersion: String(version))
        }
    }

    package func create<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        // A policy may be a halt, which must be possible at any time.
        return kept(
            try await write(.create, isNewWork: R.kind != .policy) {
                try options.writing($0, by: origin).create(resource)
            })
    }

    package func update<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        return kept(try await write(.update) { try options.writing($0, by: origin).update(resource) })
    }

    package func updateStatus<R: Resource>(_ resource: R) async throws(StoreError) -> R {
        let (options, origin) = (options, WriteOrigin.current)
        return kept(
            try await write(.updateStatus) { [decoded] database in
                try options.writing(database, by: origin).updateStatus(resource) {
                    decoded.resource(R.self, resource.key, at: $0)
                }
            })
    }

    package func delete(
        _ key: ResourceKey, ifVersion version: String?, dependents: DependentRule
    ) async throws(StoreError) {
        let (options, origin) = (options, WriteOrigin.current)
        try await write(.delete) {
            try options.writing($0, by: origin).delete(key, ifVersion: version, dependents: dependents)
        }
    }

    /// What was just written is what will be read next.
    private func kept<R: Resource>(_ resource: R) -> R {
        if let version = resource.metadata.resourceVersion.flatMap({ Int64($0) }) {
            decoded.keep(resource, resource.key, at: version)
        }
        return resource
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
