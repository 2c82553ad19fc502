// SPDX-License-Identifier: Apache-2.0
package import HTTPTransport

/// What happens if the call is made twice; it decides what may be repeated.
package enum AWSCallEffect: Sendable, Equatable {
    /// Changes nothing.
    case reads
    /// Changes something, and twice is the same as once because the call names its target.
    case idempotent
    /// Must not be sent again once it may have been received.
    case actsOnce
}

/// The parameters of a call, in its service's wire format.
package enum AWSPayload: Sendable {
    /// Names and values, not yet encoded. `Action` and `Version` are added by the client.
    case form([(name: String, value: String)])
    /// A JSON document.
    case json([UInt8])
    /// `path` is already percent-encoded; `query` is not.
    case rest(
        method: String, path: String, query: [(name: String, value: String)], headers: [HTTPHeader], body: [UInt8])
}

/// Whether a call proves who makes it. Only token exchanges do not.
package enum AWSAuthentication: Sendable, Equatable {
    case signed, anonymous
}

/// One call of one service, not yet sent.
package struct AWSCall: Sendable {
    package var service: AWSService
    package var action: String
    package var payload: AWSPayload
    package var effect: AWSCallEffect
    package var authentication: AWSAuthentication = .signed
    /// Texts among the parameters that no error may repeat.
    package var secrets: [String] = []

    package init(service: AWSService, action: String, payload: AWSPayload, effect: AWSCallEffect) {
        self.service = service
        self.action = action
        self.payload = payload
        self.effect = effect
    }
}

/// A good answer (2xx) to a call.
package struct AWSReply: Sendable {
    package var status: Int
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package var requestID: String?
    /// When the last attempt began and ended: nanoseconds of CLOCK_MONOTONIC.
    package var begun: Int64
    package var ended: Int64
    /// How many requests were sent for it, at least 1.
    package var attempts: Int

    package init(
        status: Int, headers: [HTTPHeader], body: [UInt8], requestID: String?, begun: Int64, ended: Int64, attempts: Int
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.requestID = requestID
        self.begun = begun
        self.ended = ended
        self.attempts = attempts
    }

    /// The first header of that name, letter case aside.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}
