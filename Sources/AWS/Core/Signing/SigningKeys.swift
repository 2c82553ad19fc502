// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Signing keys that were derived lately. A key is good for one day, region and service, so each is derived once for
/// thousands of requests.
final class SigningKeys: Sendable {
    struct Scope: Hashable, Sendable {
        var secret: String
        /// Day, region, service and the terminator.
        var parts: [String]
    }

    static let shared = SigningKeys()

    /// Beyond this all are derived anew: keys of past days and of credentials that were replaced go that way.
    private static let most = 64

    private let keys = Mutex<[Scope: [UInt8]]>([:])

    func key(for scope: Scope, derive: () -> [UInt8]) -> [UInt8] {
        if let known = keys.withLock({ $0[scope] }) { return known }
        let key = derive()
        keys.withLock { keys in
            if keys.count >= Self.most { keys = [:] }
            keys[scope] = key
        }
        return key
    }
}
