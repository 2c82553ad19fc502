// SPDX-License-Identifier: Apache-2.0
import HTTPTransport

/// One attempt that did not succeed, judged by itself.
struct AttemptFailure: Sendable {
    /// The error to throw if it ends here; `mayHaveActed` is filled in by the call.
    var error: AWSError
    /// False only when the answer, or the lack of a connection, proves that nothing was carried out.
    var mayHaveBeenCarriedOut: Bool
    /// A later attempt may fare better.
    var isTransient: Bool
    /// What a retry costs the budget.
    var retryCost: Int
    /// The server's wish for the pause.
    var retryAfter: Duration?
    /// The server's clock, where an answer told it.
    var serverTime: AWSInstant?
}

extension AttemptFailure {
    /// No answer arrived.
    init(_ transport: TransportError, call: AWSCall, url: String) {
        let code: AWSErrorCode =
            switch transport.code {
            case .timedOut, .connectTimedOut: .timedOut
            case .cancelled: .cancelled
            case .invalidURL: .invalidConfiguration
            case .responseTooLarge, .tooManyRedirects, .protocolError: .malformedReply
            case .cannotResolve, .cannotConnect, .tls, .connectionReset, .emptyReply, .outOfMemory, .outOfResources,
                .queueFull, .closed:
                .network
            }
        error = AWSError(
            code: code, message: "No answer from \(url): \(transport.message)", hint: transport.hint,
            service: call.service.signingName, action: call.action, cause: transport)
        mayHaveBeenCarriedOut = transport.requestMayHaveBeenSent
        isTransient = Self.transientTransportCodes.contains(transport.code)
        retryCost = code == .timedOut ? RetryBudget.timeoutCost : RetryBudget.retryCost
    }

    private static let transientTransportCodes: Set<TransportError.Code> = [
        .cannotResolve, .cannotConnect, .connectTimedOut, .timedOut, .connectionReset, .emptyReply, .protocolError,
        .queueFull, .outOfResources,
    ]

    /// An answer arrived that is no success.
    ///
    /// `secrets` are cut out of what AWS says: a refused signature is answered with the request as AWS saw it, session
    /// token included.
    init(_ response: HTTPResponse, call: AWSCall, receivedAt now: AWSInstant, secrets: [String]) {
        let told = AWSErrorBody.parse(
            body: response.body, contentType: response.header("content-type"), headers: response.headers)
        let code = AWSErrorCode.classify(awsCode: told.code, status: response.status)
        error = AWSError(
            code: code, awsCode: told.code, message: Self.message(told.message, response.status, secrets),
            hint: Self.hint(code, awsCode: told.code), service: call.service.signingName, action: call.action,
            requestID: told.requestID,
            httpStatus: response.status)
        let isRefusal = (400..<500).contains(response.status) && response.status != 408
        mayHaveBeenCarriedOut = !isRefusal && code != .throttled
        isTransient =
            code == .throttled || Self.transientStatuses.contains(response.status)
            || told.code.map(AWSErrorCode.transientCodes.contains) ?? false
        retryCost = code == .timedOut ? RetryBudget.timeoutCost : RetryBudget.retryCost
        retryAfter = Self.retryAfter(response, now: now)
        serverTime = response.header("date").flatMap { AWSInstant(httpDate: $0) }
    }

    private static let transientStatuses: Set<Int> = [408, 500, 502, 503, 504]

    /// The first line of AWS's own words, bounded, as a stranger may have answered.
    private static func message(_ told: String?, _ status: Int, _ secrets: [String]) -> String {
        guard let told, let line = told.split(whereSeparator: \.isNewline).first else {
            return "HTTP status \(status) without an error that AWS writes."
        }
        let scalars = line.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{7F}" }
        let printable = secrets.reduce(String(String.UnicodeScalarView(scalars))) { text, secret in
            // AWS's secrets have 40 characters and more; cutting out a letter would only garble the text.
            secret.utf8.count < 8 ? text : text.replacing(secret, with: "…")
        }
        return printable.count > 600 ? printable.prefix(600) + "…" : printable
    }

    private static func retryAfter(_ response: HTTPResponse, now: AWSInstant) -> Duration? {
        if let text = response.header("x-amz-retry-after"), let wait = Int64(text), wait >= 0 {
            return .milliseconds(min(wait, 86_400_000))
        }
        guard let text = response.header("retry-after") else { return nil }
        if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
        guard let date = AWSInstant(httpDate: text) else { return nil }
        return .nanoseconds(max(0, date.nanoseconds - now.nanoseconds))
    }

    private static func hint(_ code: AWSErrorCode, awsCode: String?) -> String {
        if let awsCode, AWSErrorCode.wrongKeyCodes.contains(awsCode) {
            return "Check the access key id, the secret access key and the session token that belong together: AWS "
                + "does not know this key, or the signature made with its secret is wrong."
        }
        return switch code {
        case .accessDenied: "Check the credentials, and allow this action in the IAM policy of their user or role."
        case .expiredCredentials: "Renew the credentials."
        case .clockSkew: "Set this machine's clock (NTP); AWS accepts 5 minutes of difference."
        case .throttled: "Lower the rate of calls, or ask AWS for a higher limit."
        case .serviceUnavailable, .timedOut: "Try again later; see the AWS health dashboard if it lasts."
        case .notFound: "Check the name or id, the region and the account."
        case .conflict: "Wait until the resource is in a state that permits the call, or change its protection."
        case .invalidRequest: "Correct what AWS names."
        case .malformedReply: "Check that the endpoint is AWS and no proxy stands between."
        case .dryRunWouldSucceed: "Nothing is wrong: the call would have succeeded without DryRun."
        case .noCredentials, .noRegion, .invalidConfiguration, .network, .cancelled, .functionFailed, .other: ""
        }
    }
}
