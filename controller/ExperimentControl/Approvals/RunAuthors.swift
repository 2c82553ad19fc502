// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Who wrote what a run is made from, pinned into the run together with the plan: what is written, or deleted and made
/// anew, afterwards makes nobody an author of this run, and frees nobody from being one.
enum RunAuthors {
    /// Nil when none is known. The controller itself is nobody who could approve.
    static func of(_ experiment: Experiment, _ schedule: Schedule?) -> [String]? {
        let all = (schedule?.authors ?? []) + [experiment.author].compactMap { $0 }
        let people = Set(all).subtracting([WriteOrigin.controller.actor]).sorted()
        return people.isEmpty ? nil : people
    }
}

extension Experiment {
    /// The annotations that its runs take over. Those of Rebound's own say something of this very resource, and on a
    /// run they would mean something else: that its undo was dealt with, before anything was done.
    var annotationsOfRuns: [String: String]? {
        let kept = (metadata.annotations ?? [:]).filter { key, _ in
            key == WriteOrigin.reasonAnnotation || !key.hasPrefix("rebound.chaos/")
        }
        return kept.isEmpty ? nil : kept
    }
}
