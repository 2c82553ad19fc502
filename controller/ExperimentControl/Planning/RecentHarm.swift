// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The targets that a run leaves alone, because another run harmed them too short a time ago. What runs that are no
/// longer in the store did is not known.
package struct RecentHarm: Sendable, Equatable {
    /// When each target was last harmed, by region and id; ids of instances are AWS-wide, names of groups are not.
    private var last: [String: Timestamp] = [:]
    private let least: Duration

    /// Nil for a run that has no such rule. What the run itself did does not count.
    package init?(for run: Run, among runs: [Run]) {
        guard let least = run.spec.minTimeBetween?.duration else { return nil }
        self.least = least
        for other in runs where other.metadata.uid != run.metadata.uid {
            for injection in other.status?.injections ?? [] {
                guard let at = injection.acceptedAt ?? injection.effective?.at else { continue }
                let key = Self.key(injection.target, injection.region)
                last[key] = max(last[key] ?? at, at)
            }
        }
    }

    /// Those of these instances or groups that are left alone now.
    package func resting(_ ids: [String], in region: String, now: Timestamp) -> Set<String> {
        Set(ids.filter { refusal(of: $0, in: region, now: now) != nil })
    }

    /// Why a target is left alone now; nil when it may be harmed.
    package func refusal(of id: String, in region: String, now: Timestamp) -> String? {
        guard let harmed = last[Self.key(id, region)], now.since(harmed) < least else { return nil }
        return "\(Self.filter): \(id) was harmed at \(harmed), less than \(WrittenDuration(least)) before"
    }

    /// What a plan calls the filter that takes them away.
    static let filter = "minTimeBetween"

    private static func key(_ id: String, _ region: String) -> String { "\(region)/\(id)" }
}
