// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Logging
import ResourceStore

/// What a fresh installation begins with.
struct FirstStart: Sendable {
    /// The policy under which a fresh installation plans everything and does nothing.
    static let leashName = "leash"

    let store: any ResourceStore
    let logger: Logger

    /// Puts a store in which nothing was ever written on the leash, as the first write there is: a crash before it
    /// leaves the store as fresh as it was. Later the leash is the operators' to take off, and never comes back.
    func leash() async throws(StoreError) {
        guard try await store.list(Policy.self, namespace: nil, labels: [:]).resourceVersion == "0" else { return }
        var spec = PolicySpec()
        spec.leash = true
        do throws(StoreError) {
            _ = try await store.create(Policy(metadata: ObjectMetadata(name: Self.leashName), spec: spec))
            logger.notice(
                "a fresh store is on the leash: runs are planned, and nothing is harmed",
                metadata: [
                    "policy": "\(Self.leashName)", "hint": "Delete the policy when the plans are as you want them.",
                ])
        } catch {
            // Another controller was first.
            if error.code != .alreadyExists { throw error }
        }
    }
}
