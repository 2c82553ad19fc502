// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What came of asking for a lease.
package enum LeaseOutcome: Sendable, Equatable {
    case held(token: Int64)
    case heldByOther(holder: String, until: Timestamp)
}
