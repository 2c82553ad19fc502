// SPDX-License-Identifier: Apache-2.0

/// What went wrong, for programs to choose by. Switch on it without `default`.
package enum AWSErrorCode: String, Sendable, CaseIterable {
    case noCredentials, expiredCredentials, noRegion, invalidConfiguration
    case accessDenied, notFound, invalidRequest, throttled
    /// The resource is in a state that forbids the call now, such as OperationNotPermitted or IncorrectInstanceState.
    case conflict
    /// The good answer to a call with DryRun: it was refused only because it was a dry run.
    case dryRunWouldSucceed
    /// The call went through and the Lambda function failed; the cause is a LambdaFunctionFailure.
    case functionFailed
    case serviceUnavailable, network, timedOut, clockSkew, malformedReply, cancelled, other
}

/// The one error of this module. No secret is ever put into it.
package struct AWSError: Error, Sendable {
    package var code: AWSErrorCode
    /// The code as AWS spelled it, when an answer carried one.
    package var awsCode: String?
    /// What failed, and on what.
    package var message: String
    /// What the operator can do now.
    package var hint: String
    /// The signing name of the service that was called, or "credentials" and the like when none was.
    package var service: String
    package var action: String
    package var requestID: String?
    package var httpStatus: Int?
    /// True when the call may have been carried out: some attempt may have arrived and was not refused for certain.
    package var mayHaveActed: Bool
    package var cause: (any Error)?

    /// Only what is known need be given.
    package init(
        code: AWSErrorCode, awsCode: String? = nil, message: String, hint: String, service: String, action: String,
        requestID: String? = nil, httpStatus: Int? = nil, mayHaveActed: Bool = false, cause: (any Error)? = nil
    ) {
        self.code = code
        self.awsCode = awsCode
        self.message = message
        self.hint = hint
        self.service = service
        self.action = action
        self.requestID = requestID
        self.httpStatus = httpStatus
        self.mayHaveActed = mayHaveActed
        self.cause = cause
    }
}

extension AWSError: CustomStringConvertible {
    /// One line for a log or a terminal: what failed, AWS's own words for it, and what to do.
    package var description: String {
        var text = "\(service) \(action): \(message)"
        if let awsCode { text += " [\(awsCode)]" }
        if let requestID { text += " (request \(requestID))" }
        if mayHaveActed { text += " The call may have been carried out." }
        return hint.isEmpty ? text : "\(text) \(hint)"
    }
}
