// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Logging
import Synchronization

/// The runs that another process drives, so that it is said once when one is found, and once when it comes over here.
final class DrivenElsewhere: Sendable {
    private let keys = Mutex<Set<ResourceKey>>([])
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func note(_ key: ResourceKey, _ refusal: ExperimentError) {
        guard keys.withLock({ $0.insert(key).inserted }) else { return }
        logger.notice(
            "a run is driven by another controller", metadata: ["run": "\(key.name)", "reason": "\(refusal.message)"])
    }

    func takenOver(_ key: ResourceKey) {
        guard keys.withLock({ $0.remove(key) }) != nil else { return }
        logger.notice("a run is driven here now", metadata: ["run": "\(key.name)"])
    }
}
