// SPDX-License-Identifier: Apache-2.0
// Stands in for Sources/AWS/Core until that branch is merged; then this file goes.

package struct HTTPHeader: Sendable, Equatable {
    package var name: String, value: String
    package init(name: String, value: String) { (self.name, self.value) = (name, value) }
}

package struct AWSService: Sendable, Hashable {
    package var signingName: String
    package static let ec2 = AWSService(signingName: "ec2")
    package static let autoScaling = AWSService(signingName: "autoscaling")
    package static let elbv2 = AWSService(signingName: "elasticloadbalancing")
    package static let sns = AWSService(signingName: "sns")
    package static let lambda = AWSService(signingName: "lambda")
    package static let sts = AWSService(signingName: "sts")
    package static let cloudWatch = AWSService(signingName: "monitoring")
}

package enum AWSCallEffect: Sendable { case reads, idempotent, actsOnce }

package enum AWSPayload: Sendable {
    case form([(name: String, value: String)])
    case json([UInt8])
    case rest(method: String, path: String, query: [(String, String)], headers: [HTTPHeader], body: [UInt8])
}

package struct AWSCall: Sendable {
    package var service: AWSService
    package var action: String
    package var payload: AWSPayload
    package var effect: AWSCallEffect
    package init(service: AWSService, action: String, payload: AWSPayload, effect: AWSCallEffect) {
        self.service = service
        self.action = action
        self.payload = payload
        self.effect = effect
    }
}

package struct AWSReply: Sendable {
    package var status: Int
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package var requestID: String?
    package var begun: Int64, ended: Int64
    package var attempts: Int
}

package enum AWSErrorCode: String, Sendable {
    case noCredentials, expiredCredentials, noRegion, invalidConfiguration, accessDenied, notFound, invalidRequest
    case throttled, conflict, dryRunWouldSucceed, serviceUnavailable, network, timedOut, clockSkew, malformedReply
    case cancelled, functionFailed, other
}

package struct AWSError: Error, Sendable {
    package var code: AWSErrorCode
    package var awsCode: String?
    package var message: String
    package var hint: String
    package var service: AWSService?
    package var action: String?
    package var requestID: String?
    package var httpStatus: Int?
    package var mayHaveActed: Bool
    package var cause: (any Error)?
}

package final class AWSClient: Sendable {
    package func call(_ call: AWSCall) async throws(AWSError) -> AWSReply {
        throw AWSError(code: .other, message: "stand-in", hint: "", mayHaveActed: false)
    }
}
