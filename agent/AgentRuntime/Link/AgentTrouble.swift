// SPDX-License-Identifier: Apache-2.0
internal import Identity
internal import ResourceClient

/// What went wrong, in words for the operator of this host: what the errors below say is for those who use them.
package struct AgentTrouble: Sendable, Equatable {
    package var message: String
    package var hint: String
    /// Whether trying again will not help.
    package var needsPerson: Bool

    /// `identity` tells which host it is about.
    package init(_ error: any Error, _ identity: AgentIdentity?) {
        switch error {
        case let error as ClientError: self.init(error, host: identity?.host)
        case let error as IdentityError:
            self.init(message: error.message, hint: error.hint, needsPerson: true)
        case let error as AgentError: self.init(message: error.message, hint: error.hint, needsPerson: true)
        default: self.init(message: "\(error)", hint: "", needsPerson: false)
        }
    }

    private init(message: String, hint: String, needsPerson: Bool) {
        self.message = message
        self.hint = hint
        self.needsPerson = needsPerson
    }

    private init(_ error: ClientError, host: String?) {
        (message, hint, needsPerson) = (error.message, error.hint, false)
        switch error.code {
        case .unauthorized:
            needsPerson = true
            hint =
                "On the controller: rebound host token \(host ?? "NAME"). Here: rebound-agent enrol --again "
                + "--ticket-file FILE."
        case .forbidden:
            needsPerson = true
            hint = "Look whether the host's name is that of its certificate, and enrol it again where it is not."
        case .unreachable, .misconfigured, .notFound, .alreadyExists, .conflict, .expired, .invalid, .unsupported,
            .tooLarge,
            .tooManyRequests, .unavailable, .serverFailed, .undecodable, .cancelled:
            break
        }
    }
}
