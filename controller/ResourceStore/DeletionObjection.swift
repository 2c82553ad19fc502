// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

// What may not be deleted yet, because the way back would go with it. To be asked of the version that is then deleted,
// and of no other.

extension Run {
    /// Why this run may not be deleted, and what to do first; nil when it may.
    package var deletionObjection: String? {
        // Without a status nobody has taken it up, so nothing was done.
        guard let phase = status?.phase, phase != .done else { return nil }
        return "it is \(phase.rawValue): abort it, and delete it when it is Done"
    }
}

extension Injection {
    /// Why this injection may not be deleted, and what to do first; nil when it may.
    package var deletionObjection: String? {
        guard let state = status?.state, !state.isFinal else { return nil }
        return "it is \(state.rawValue): abort its run, and delete it when that is Done"
    }
}
