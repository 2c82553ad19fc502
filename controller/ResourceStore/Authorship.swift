// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Who wrote what a run is made from, so that nobody approves his own.
///
/// A store writes these annotations on experiments and schedules itself, from the origin of the write, and keeps them
/// whatever a write says of them: no client, manifest or patch can name another author. They are `WriteOrigin.actor`s.
package enum Authorship {
    /// Who created the resource.
    package static let creator = "rebound.chaos/created-by"
    /// Who last changed its spec; creating counts.
    package static let author = "rebound.chaos/spec-written-by"

    /// Whether authors of this kind are kept.
    package static func isKept(of kind: ResourceKind) -> Bool { kind == .experiment || kind == .schedule }

    /// The annotations as they are stored: those that are written, but with the authors that are true.
    package static func annotations(
        _ written: [String: String]?, creator: String?, author: String?
    ) -> [String: String]? {
        var annotations = written ?? [:]
        annotations[Self.creator] = creator
        annotations[Self.author] = author
        return annotations.isEmpty ? nil : annotations
    }
}

extension Experiment {
    /// Who last changed the spec; nil for one that was written before authors were kept.
    package var author: String? { metadata.annotations?[Authorship.author] }
}

extension Schedule {
    /// Who created it, and who last changed the spec.
    package var authors: [String] {
        [Authorship.creator, Authorship.author].compactMap { metadata.annotations?[$0] }
    }
}
