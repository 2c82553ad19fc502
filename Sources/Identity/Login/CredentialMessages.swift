// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What `POST /apis/rebound.chaos/v1/credentials` takes: a token to be made.
package struct TokenRequest: Sendable, Codable, Equatable {
    package var name: String
    package var groups: [String]?
    /// At most 366 days.
    package var lifetime: WrittenDuration
    /// Good for one login and nothing else. Absent: false.
    package var oneTime: Bool?
    /// What it is for, to be found again in the list.
    package var purpose: String

    package init(name: String, groups: [String]?, lifetime: WrittenDuration, oneTime: Bool?, purpose: String) {
        self.name = name
        self.groups = groups
        self.lifetime = lifetime
        self.oneTime = oneTime
        self.purpose = purpose
    }
}

/// What it answers. The token is shown here and never again.
package struct TokenAnswer: Sendable, Codable, Equatable {
    package var id: String
    package var token: String
    package var expiresAt: Timestamp

    package init(id: String, token: String, expiresAt: Timestamp) {
        self.id = id
        self.token = token
        self.expiresAt = expiresAt
    }
}

/// What `POST /apis/rebound.chaos/v1/credentials/revoke` takes: one credential, or everything of one name.
package struct RevocationRequest: Sendable, Codable, Equatable {
    /// `token:<id>` or `certificate:<serial>`; either this or `name`.
    package var credential: String?
    package var name: String?
    package var reason: String

    package init(credential: String?, name: String?, reason: String) {
        self.credential = credential
        self.name = name
        self.reason = reason
    }
}

/// What it answers: everything that this call took back, with what was issued by it.
package struct RevocationAnswer: Sendable, Codable, Equatable {
    package var revoked: [String]

    package init(revoked: [String]) { self.revoked = revoked }
}
