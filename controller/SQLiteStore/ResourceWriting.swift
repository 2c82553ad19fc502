// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import GRDB
import ResourceStore

/// The rules of writing resources, within one transaction.
struct ResourceWriting {
    let database: Database
    let environment: StoreEnvironment
    let log: ChangeLog

    func create<R: Resource>(_ resource: R) throws -> R {
        guard !resource.metadata.name.isEmpty else {
            throw StoreError(.invalid, "A \(R.kind.rawValue) without a name.", hint: "Set metadata.name.")
        }
        guard resource.metadata.resourceVersion == nil else {
            throw StoreError(
                .invalid, "\(resource.key) has a resourceVersion already.",
                hint: "Remove metadata.resourceVersion to create it, or update it instead.")
        }
        guard try StoredResource.fetch(resource.key, database) == nil else {
            throw StoreError(
                .alreadyExists, "\(resource.key) exists already.", hint: "Choose another name, or update it.")
        }
        var metadata = written(resource.metadata, key: resource.key)
        metadata.uid = environment.makeUID()
        metadata.creationTimestamp = environment.now()
        metadata.deletionTimestamp = nil
        if Authorship.isKept(of: R.kind) {
            metadata.annotations = Authorship.annotations(
                metadata.annotations, creator: log.origin.actor, author: log.origin.actor)
        }
        try checkOwners(of: metadata, key: resource.key)
        var stored = StoredResource(
            key: resource.key, uid: metadata.uid ?? "", version: 0, generation: 1, metadata: metadata,
            spec: try StoredJSON.encode(resource.spec), status: nil)
        try log.write(.added, &stored, before: nil, call: .create)
        try stored.insert(database)
        return try stored.resource(R.self)
    }

    func update<R: Resource>(_ resource: R) throws -> R {
        let old = try current(resource.key, resource.metadata)
        var new = old
        new.metadata = written(resource.metadata, key: resource.key)
        new.metadata.uid = old.uid
        new.metadata.creationTimestamp = old.metadata.creationTimestamp
        new.metadata.deletionTimestamp = old.metadata.deletionTimestamp
        new.spec = try StoredJSON.encode(resource.spec)
        if new.spec != old.spec { new.generation += 1 }
        if Authorship.isKept(of: R.kind) { new.metadata.annotations = authors(of: new, after: old) }
        if old.metadata.deletionTimestamp != nil { new = try holding(new) }
        if new.metadata == old.metadata, new.spec == old.spec { return try old.resource(R.self) }
        try checkFinalizers(from: old, to: new)
        try checkOwners(of: new.metadata, key: resource.key)
        if new.metadata.deletionTimestamp != nil, new.hasNoFinalizer {
            return try removed(new, before: old).resource(R.self)
        }
        try log.write(.modified, &new, before: old, call: .update)
        try new.replace(database)
        try new.writeOwners(database)
        if R.kind == .run { try letGo(after: new) }
        return try new.resource(R.self)
    }

    private func authors(of new: StoredResource, after old: StoredResource) -> [String: String]? {
        let known = old.metadata.annotations ?? [:]
        return Authorship.annotations(
            new.metadata.annotations, creator: known[Authorship.creator],
            author: new.spec == old.spec ? known[Authorship.author] : log.origin.actor)
    }

    /// `decoded` answers with the resource as it was at a version, where this process has it.
    func updateStatus<R: Resource>(_ resource: R, decoded: (Int64) -> R?) throws -> R {
        let old = try current(resource.key, resource.metadata)
        var new = old
        new.status = try resource.status.map(StoredJSON.encode)
        if new.status == old.status { return try decoded(old.version) ?? old.resource(R.self) }
        try log.write(.modified, &new, before: old, call: .updateStatus)
        try new.replace(database)
        if new.metadata.deletionTimestamp != nil || (resource as? Run)?.status?.phase == .done {
            try letGo(after: new)
        }
        guard var written = decoded(old.version) else { return try new.resource(R.self) }
        written.metadata.resourceVersion = String(new.version)
        written.status = resource.status
        assert((try? new.resource(R.self)) == written, "\(old.key) is not read back as it was written")
        return written
    }

    func delete(_ key: ResourceKey, ifVersion version: String?, dependents: DependentRule) throws {
        guard let stored = try StoredResource.fetch(key, database) else { throw notFound(key) }
        if let version, version != String(stored.version) {
            throw StoreError(
                .conflict, "\(key) was changed since version \(version): it is at \(stored.version) now.",
                hint: "Read it again, and delete that.")
        }
        if dependents == .stay {
            for owned in try StoredResource.owned(by: stored.uid, database) where owned.key.kind != .injection {
                try disown(owned, by: stored)
            }
        }
        try delete(stored)
    }

    /// Takes one owner out of what it owns; what has no other stays all the same.
    private func disown(_ owned: StoredResource, by owner: StoredResource) throws {
        var left = owned
        left.metadata.ownerReferences?.removeAll { $0.uid == owner.uid }
        if left.metadata.ownerReferences?.isEmpty ?? false { left.metadata.ownerReferences = nil }
        try log.write(.modified, &left, before: owned, call: .delete)
        try left.replace(database)
        try left.writeOwners(database)
    }

    private func delete(_ stored: StoredResource) throws {
        var marked = try holding(stored)
        if marked.hasNoFinalizer {
            _ = try removed(marked, before: stored)
        } else if stored.metadata.deletionTimestamp == nil {
            marked.metadata.deletionTimestamp = environment.now()
            marked.generation += 1
            try log.write(.modified, &marked, before: stored, call: .delete)
            try marked.replace(database)
        } else if marked.metadata != stored.metadata {
            try log.write(.modified, &marked, before: stored, call: .delete)
            try marked.replace(database)
        }
    }

    /// Removes a resource, then what it owned and nobody else owns. A circle of owners ends, as each is removed once.
    private func removed(_ stored: StoredResource, before: StoredResource) throws -> StoredResource {
        var gone = stored
        try log.write(.deleted, &gone, before: before, call: .delete)
        let owned = try StoredResource.owned(by: stored.uid, database)
        try stored.remove(database)
        if stored.key.kind == .run { try forgetRun(uid: stored.uid) }
        for each in owned {
            // What was owned may have gone with another by now.
            guard var each = try StoredResource.fetch(each.key, database) else { continue }
            let others = (each.metadata.ownerReferences ?? []).filter { $0.uid != stored.uid }
            // An injection has one run; whatever else is named as its owner does not keep it.
            if others.isEmpty || (each.key.kind == .injection && stored.key.kind == .run) {
                each.metadata.ownerReferences = others
                try delete(each)
            } else {
                try disown(each, by: stored)
            }
        }
        return gone
    }

    /// What a run measured and reported goes with it. Its reservations stay: they count for the day.
    private func forgetRun(uid: String) throws {
        try database.execute(sql: "DELETE FROM measurements WHERE run = ?", arguments: [uid])
        try database.execute(sql: "DELETE FROM outbox WHERE run = ? AND NOT is_pending", arguments: [uid])
    }
}

// MARK: - What must be put back first

extension ResourceWriting {
    /// A resource that is being deleted: with the finalizer of the undo while there is something to put back, and
    /// without it when there is not.
    private func holding(_ stored: StoredResource) throws -> StoredResource {
        let isOwed: Bool
        switch stored.key.kind {
        case .run: isOwed = try stored.resource(Run.self).owesUndo
        case .injection: isOwed = try stored.resource(Injection.self).owesUndo(to: run(owning: stored))
        case .experiment, .schedule, .policy, .host, .namespace, .roleBinding, .clusterRoleBinding: return stored
        }
        var held = stored
        let others = (stored.metadata.finalizers ?? []).filter { $0 != UndoHold.finalizer }
        let finalizers = isOwed ? others + [UndoHold.finalizer] : others
        if Set(finalizers) != Set(stored.metadata.finalizers ?? []) { held.metadata.finalizers = finalizers }
        return held
    }

    private func run(owning injection: StoredResource) throws -> Run? {
        guard let owner = injection.metadata.ownerReferences?.first(where: { $0.kind == .run }) else { return nil }
        let key = ResourceKey(kind: .run, namespace: injection.key.namespace, name: owner.name)
        guard let stored = try StoredResource.fetch(key, database), stored.uid == owner.uid else { return nil }
        return try stored.resource(Run.self)
    }

    /// After a write that may have ended what held it: what was deleted meanwhile goes now, the injections of a run
    /// before the run.
    private func letGo(after stored: StoredResource) throws {
        if stored.key.kind == .run, try !stored.resource(Run.self).owesUndo {
            for owned in try StoredResource.owned(by: stored.uid, database)
            where owned.metadata.deletionTimestamp != nil {
                try delete(owned)
            }
        }
        if stored.metadata.deletionTimestamp != nil { try delete(stored) }
    }
}

// MARK: - Checks

extension ResourceWriting {
    private func current(_ key: ResourceKey, _ metadata: ObjectMetadata) throws -> StoredResource {
        guard let stored = try StoredResource.fetch(key, database) else { throw notFound(key) }
        guard let version = metadata.resourceVersion else {
            throw StoreError(
                .invalid, "\(key) was to be written without a resourceVersion.",
                hint: "Read it, change what was read, and write that.")
        }
        let isSame = version == String(stored.version) && (metadata.uid ?? stored.uid) == stored.uid
        guard isSame else {
            throw StoreError(
                .conflict, "\(key) was changed since version \(version): it is at \(stored.version) now.",
                hint: "Read it again, make the change again, and write that.")
        }
        return stored
    }

    private func checkFinalizers(from old: StoredResource, to new: StoredResource) throws {
        guard old.metadata.deletionTimestamp != nil else { return }
        let added = Set(new.metadata.finalizers ?? []).subtracting(old.metadata.finalizers ?? [])
            .subtracting([UndoHold.finalizer])
        if let finalizer = added.min() {
            throw StoreError(
                .invalid, "\(old.key) is being deleted, and the finalizer \(finalizer) would hold it.",
                hint: "Add no finalizer once metadata.deletionTimestamp is set.")
        }
    }

    /// An owner that is not there would never take the owned with it.
    private func checkOwners(of metadata: ObjectMetadata, key: ResourceKey) throws {
        for owner in metadata.ownerReferences ?? [] {
            let count = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM resources WHERE uid = ?", arguments: [owner.uid])
            if count == 0 {
                throw StoreError(
                    .invalid, "\(key) names \(owner.kind.rawValue) \(owner.name) with uid \(owner.uid) as its owner.",
                    hint: "That owner is not in the store: leave the reference out, or create nothing for what is gone."
                )
            }
        }
    }

    private func notFound(_ key: ResourceKey) -> StoreError {
        StoreError(.notFound, "\(key) does not exist.", hint: "See what exists with `rebound get`.")
    }

    /// Metadata as it is stored: where the resource lies, and nothing that is in columns.
    private func written(_ metadata: ObjectMetadata, key: ResourceKey) -> ObjectMetadata {
        var metadata = metadata
        metadata.namespace = key.kind.isNamespaced ? key.namespace : nil
        metadata.resourceVersion = nil
        metadata.generation = nil
        metadata.generateName = nil
        return metadata
    }
}

extension StoredResource {
    fileprivate var hasNoFinalizer: Bool { metadata.finalizers?.isEmpty ?? true }
}
