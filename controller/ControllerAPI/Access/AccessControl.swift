// SPDX-License-Identifier: Apache-2.0
package import ResourceStore

/// What a caller wants to do, in the words of Kubernetes' authorization.
package struct AccessRequest: Sendable, Equatable {
    /// `get list watch create update patch delete deletecollection`, and for Rebound's own doings
    /// `abort approve plan run halt resume`.
    package var verb: String
    /// Plural, as in the URL: `runs`, `rolebindings`; also `audit`, `metrics`, `halt`, `resume`, which are no kinds.
    package var resource: String
    /// `status`, `abort`, `approve`, `observations`, `report`, `plan`, `run`; nil for the resource itself.
    package var subresource: String?
    /// Nil for what has no namespace, and for a request over all namespaces.
    package var namespace: String?
    /// Nil for a request over a collection.
    package var name: String?

    package init(
        verb: String, resource: String, subresource: String? = nil, namespace: String? = nil, name: String? = nil
    ) {
        self.verb = verb
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }
}

/// Whether it may be done, and by which grant; or which would be needed.
package struct AccessDecision: Sendable, Equatable {
    package var isAllowed: Bool
    /// A sentence for the answer and the audit log. Names no binding that the caller is not a subject of.
    package var reason: String

    package init(isAllowed: Bool, reason: String) {
        self.isAllowed = isAllowed
        self.reason = reason
    }
}

/// Says who is asking and what he may do. `FleetAccess` is the standalone controller's; on Kubernetes the cluster's own
/// TokenReview and SubjectAccessReview answer.
package protocol AccessControl: Sendable {
    /// Who is asking, or why that is not known. A store that cannot be read lets nobody in, and says so.
    func caller(_ credentials: PresentedCredentials) async -> Result<Caller, CallerFailure>

    /// Whether the caller may do it. Throws when the store cannot be read; the answer is then 503, never "yes".
    func decide(_ caller: Caller, _ request: AccessRequest) async throws(StoreError) -> AccessDecision

    /// Returns when this caller's credential stops being valid (revoked, expired). Also
    /// returns when the task is cancelled.
    func untilInvalid(_ caller: Caller) async

    /// Returns when the caller may no longer do it: as `untilInvalid`, and when the binding that allowed it is gone.
    /// What a request keeps open races against it.
    func untilForbidden(_ caller: Caller, _ request: AccessRequest) async
}
