import AWS
package import ChaosModel
// SPDX-License-Identifier: Apache-2.0
import Digests

/// Names a plan by what it would do, so that what was looked at is what is applied.
package enum PlanHash {
    /// SHA-256 in hex over every step's fault, call, target and undo, and the limits. Health, order and dates do not
    /// enter.
    package static func hash(steps: [PlanStep], limits: LimitsSpec) -> String {
        let lines = steps.map { step in
            [
                step.fault, step.action, step.target.account, step.target.region, step.target.id, step.call,
                step.undo ?? "", step.after ?? "",
            ].map { "\($0.utf8.count):\($0)" }.joined(separator: ",")
        }
        let text = lines.sorted().joined(separator: "\n") + "\nlimits \(limits.maxTargets) \(limits.minHealthy)"
        return Hex.text(SHA256.digest(Array(text.utf8)))
    }
}
