// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What `GET /apis/rebound.chaos/v1/clock` says: when the request came and when its answer went, by this controller's
/// clock. With its own two instants the client knows how its clock differs, and by how much that can be wrong
/// (RFC 5905, section 8).
enum ClockDocument {
    static func document(received: Timestamp, now: Timestamp) -> ManifestNode {
        .map(["receivedAt": .text(received.description), "sentAt": .text(now.description)])
    }
}
