// SPDX-License-Identifier: Apache-2.0

/// What an answer that is no success says about the call, from AWS's code where there is one, else from the status.
/// Sources: the services' "common errors" pages and the retry page of the AWS SDKs reference guide.
extension AWSErrorCode {
    /// AWS turned the request away because there were too many.
    static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "TooManyRequests", "ProvisionedThroughputExceededException",
        "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
        "SlowDown", "PriorRequestNotComplete", "EC2ThrottledException", "Throttled", "ThrottlingError",
        "RateExceeded",
    ]

    /// The clocks differ by more than AWS accepts, beyond doubt.
    static let skewCodes: Set<String> = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]

    /// The signature did not fit; a wrong clock may be why.
    static let signatureCodes: Set<String> = ["SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"]

    /// The key or its signature is wrong, whatever its owner may do.
    static let wrongKeyCodes: Set<String> = signatureCodes.union([
        "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "IncompleteSignature",
        "IncompleteSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    ])

    /// Refusals that pass by themselves, whatever their status.
    static let transientCodes: Set<String> = ["RequestTimeout", "RequestTimeoutException", "IDPCommunicationError"]

    static let expiredCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException", "ExpiredTokenType"]

    private static let deniedCodes: Set<String> = [
        "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthFailure", "AuthorizationError",
        "Blocked", "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException",
        "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "IncompleteSignatureException",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired",
        "UnauthorizedException", "KMSAccessDeniedException", "AuthorizationErrorException", "PendingVerification",
    ]

    private static let conflictCodes: Set<String> = [
        "OperationNotPermitted", "IncorrectInstanceState", "IncorrectState", "ScalingActivityInProgress",
        "ResourceInUse", "ResourceInUseException", "ResourceContention", "ConcurrentModification", "Conflict",
        "ResourceConflictException", "ConcurrentAccess", "OperationAborted", "DependencyViolation",
        "UnsupportedOperation", "IncorrectSpotRequestState",
    ]

    private static let unavailableCodes: Set<String> = [
        "ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "InternalError", "InternalFailure",
        "InternalServerError", "ServiceException", "InternalErrorException", "InternalServiceError",
        "ServerInternal", "InsufficientInstanceCapacity",
    ]

    static func classify(awsCode: String?, status: Int) -> AWSErrorCode {
        guard let awsCode else { return classify(status: status) }
        if awsCode == "DryRunOperation" { return .dryRunWouldSucceed }
        if throttlingCodes.contains(awsCode) { return .throttled }
        if skewCodes.contains(awsCode) { return .clockSkew }
        if expiredCodes.contains(awsCode) { return .expiredCredentials }
        if deniedCodes.contains(awsCode) { return .accessDenied }
        if conflictCodes.contains(awsCode) { return .conflict }
        if unavailableCodes.contains(awsCode) { return .serviceUnavailable }
        if isNotFound(awsCode) { return .notFound }
        if isInvalid(awsCode) { return .invalidRequest }
        return classify(status: status)
    }

    private static func isNotFound(_ code: String) -> Bool {
        code == "NotFound" || code.hasSuffix(".NotFound") || code.hasSuffix("NotFound")
            || code.hasSuffix("NotFoundException") || code == "NotFoundFault" || code.hasSuffix("NotFoundFault")
    }

    private static func isInvalid(_ code: String) -> Bool {
        code.hasPrefix("Invalid") || code.hasPrefix("Missing") || code.hasPrefix("Malformed")
            || code.hasPrefix("Validation") || code.hasPrefix("Unknown") || code.hasSuffix(".Malformed")
    }

    private static func classify(status: Int) -> AWSErrorCode {
        switch status {
        case 401, 403: .accessDenied
        case 404, 410: .notFound
        case 409: .conflict
        case 408, 504: .timedOut
        case 429: .throttled
        case 400..<500: .invalidRequest
        case 500..<600: .serviceUnavailable
        default: .malformedReply
        }
    }
}
