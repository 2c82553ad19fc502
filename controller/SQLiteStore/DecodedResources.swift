// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Synchronization

/// Resources as this process last decoded them, so that one that has not changed is not decoded again: a run is looked
/// at ten times a second, and decoding it costs far more than finding it.
///
/// Invariant: a version is given to one change of one resource and never again, so the same key and version are the
/// same resource, and a list at the same version of the store is the same list.
final class DecodedResources: Sendable {
    /// What a list was asked for.
    struct Question: Hashable {
        var kind: ResourceKind
        var namespace: String?
        var labels: [String: String]
    }

    fileprivate struct Known {
        var resources: [ResourceKind: [ResourceKey: (version: Int64, resource: any Resource)]] = [:]
        var lists: [Question: (version: Int64, resources: [any Resource])] = [:]
        var hits = 0
        var misses = 0
    }

    /// Of each kind. Beyond these everything of the kind is forgotten and learnt anew: what is looked at often comes
    /// back at once. A run has ten injections, which are small.
    private static func most(of kind: ResourceKind) -> Int { kind == .injection ? 4_096 : 512 }
    private static let mostLists = 64
    private static let longestList = 128

    private let known = Mutex(Known())

    /// Resources that are kept, and questions that were answered from here and not, since the start.
    var counts: (kept: Int, hits: Int, misses: Int) {
        known.withLock { ($0.resources.values.map(\.count).reduce(0, +), $0.hits, $0.misses) }
    }

    func resource<R: Resource>(_ type: R.Type, _ key: ResourceKey, at version: Int64) -> R? {
        known.withLock { known in
            let entry = known.resources[key.kind]?[key]
            known.note(entry?.version == version)
            guard let entry, entry.version == version else { return nil }
            return entry.resource as? R
        }
    }

    func keep(_ resource: some Resource, _ key: ResourceKey, at version: Int64) {
        known.withLock { known in
            if known.resources[key.kind, default: [:]].count >= Self.most(of: key.kind) {
                known.resources[key.kind] = [:]
            }
            known.resources[key.kind, default: [:]][key] = (version, resource)
        }
    }

    /// A long list is looked at seldom, and would drive out what is looked at often.
    func isKept(ofLength count: Int) -> Bool { count <= Self.longestList }

    func list<R: Resource>(_ type: R.Type, _ question: Question, at version: Int64) -> [R]? {
        known.withLock { known in
            let entry = known.lists[question]
            known.note(entry?.version == version)
            guard let entry, entry.version == version else { return nil }
            return entry.resources as? [R]
        }
    }

    func keep(_ resources: [some Resource], _ question: Question, at version: Int64) {
        guard isKept(ofLength: resources.count) else { return }
        known.withLock { known in
            if known.lists.count >= Self.mostLists { known.lists = [:] }
            known.lists[question] = (version, resources)
        }
    }
}

extension DecodedResources.Known {
    fileprivate mutating func note(_ isHit: Bool) {
        if isHit { hits += 1 } else { misses += 1 }
    }
}
