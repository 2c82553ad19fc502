// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport

/// What a function answered.
package struct LambdaAnswer: Sendable, Hashable {
    /// The HTTP status: 200 for an answer, 202 for an event that was taken.
    package var status: Int
    /// What the function returned, JSON as a rule; nothing of meaning for an event.
    package var payload: [UInt8]
    /// The version that ran.
    package var executedVersion: String?
    /// The last 4 KB of its log, if it was asked for.
    package var logTail: String?

    /// Of these facts, as AWS would tell them.
    package init(status: Int, payload: [UInt8], executedVersion: String? = nil, logTail: String? = nil) {
        self.status = status
        self.payload = payload
        self.executedVersion = executedVersion
        self.logTail = logTail
    }
}

/// The function ran and failed. It is the `cause` of an `AWSError` with the code `.functionFailed`.
package struct LambdaFunctionFailure: Error, Sendable, Hashable {
    /// `Unhandled`, or `Handled` where the function returned an error itself.
    package var kind: String
    /// What the function gave: `{"errorMessage": …, "errorType": …, "stackTrace": …}` as a rule.
    package var payload: [UInt8]
    package var logTail: String?

    /// Of these facts, as AWS would tell them.
    package init(kind: String, payload: [UInt8], logTail: String? = nil) {
        self.kind = kind
        self.payload = payload
        self.logTail = logTail
    }
}

/// Invokes Lambda functions.
package struct LambdaInvoker: Sendable {
    /// Payloads that AWS takes: 6 MB for an answer, 1 MB for an event
    /// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    package static let mostAnsweredBytes = 6 << 20
    package static let mostEventBytes = 1 << 20

    let client: AWSClient

    /// Invokes with this client's account and region; a function's ARN must be of that region.
    package init(client: AWSClient) { self.client = client }

    /// Runs the function on `payload` (JSON) and waits for its answer. A function that fails is `.functionFailed`.
    /// Never repeated after it may have arrived. Waits as long as the client's total timeout: give it one that fits.
    package func invoke(
        _ function: LambdaFunctionName, qualifier: String? = nil, payload: [UInt8], wantsLogTail: Bool = false
    ) async throws(AWSError) -> LambdaAnswer {
        var headers = [HTTPHeader(name: "X-Amz-Invocation-Type", value: "RequestResponse")]
        if wantsLogTail { headers.append(HTTPHeader(name: "X-Amz-Log-Type", value: "Tail")) }
        let (call, reply) = try await send(function, qualifier, payload, headers, most: Self.mostAnsweredBytes)
        let logTail = reply.header("X-Amz-Log-Result").flatMap { Data(base64Encoded: $0) }
            .map { String(decoding: $0, as: UTF8.self) }
        if let kind = reply.header("X-Amz-Function-Error") {
            let failure = LambdaFunctionFailure(kind: kind, payload: reply.body, logTail: logTail)
            throw failure.error(function, call, reply)
        }
        return LambdaAnswer(
            status: reply.status, payload: reply.body, executedVersion: reply.header("X-Amz-Executed-Version"),
            logTail: logTail)
    }

    /// Leaves the event with Lambda, which runs the function later and up to three times. Never repeated after it may
    /// have arrived.
    package func invokeLater(
        _ function: LambdaFunctionName, qualifier: String? = nil, payload: [UInt8]
    ) async throws(AWSError) -> LambdaAnswer {
        let headers = [HTTPHeader(name: "X-Amz-Invocation-Type", value: "Event")]
        let (_, reply) = try await send(function, qualifier, payload, headers, most: Self.mostEventBytes)
        return LambdaAnswer(status: reply.status, payload: reply.body, executedVersion: nil, logTail: nil)
    }

    private func send(
        _ function: LambdaFunctionName, _ qualifier: String?, _ payload: [UInt8], _ headers: [HTTPHeader], most: Int
    ) async throws(AWSError) -> (AWSCall, AWSReply) {
        guard !function.rawValue.isEmpty else {
            throw .invalid(.lambda, "Invoke", "the function has no name", hint: "Give the function's name or ARN.")
        }
        guard payload.count <= most else {
            throw .invalid(
                .lambda, "Invoke", "the payload has \(payload.count) bytes, Lambda takes \(most)",
                hint: "Make it shorter, or send where the rest is to be found.")
        }
        let call = AWSCall(
            service: .lambda, action: "Invoke",
            payload: .rest(
                method: "POST", path: "/2015-03-31/functions/\(function.rawValue.percentEncoded)/invocations",
                query: qualifier.map { [(name: "Qualifier", value: $0)] } ?? [],
                headers: headers + [HTTPHeader(name: "Content-Type", value: "application/json")], body: payload),
            effect: .actsOnce)
        return (call, try await client.call(call))
    }
}

extension LambdaFunctionFailure {
    fileprivate func error(_ function: LambdaFunctionName, _ call: AWSCall, _ reply: AWSReply) -> AWSError {
        let words = String(decoding: payload.prefix(400), as: UTF8.self)
        return AWSError(
            code: .functionFailed, awsCode: kind,
            message: "the function \(function) failed (\(kind)): \(words)",
            hint: "Read the function's log; the call itself went through.", service: call.service.signingName,
            action: call.action,
            requestID: reply.requestID, httpStatus: reply.status, mayHaveActed: true, cause: self)
    }
}

extension String {
    /// For one segment of a path: everything but letters, digits and `-._~` as `%XX` (RFC 3986, section 2.3).
    var percentEncoded: String {
        utf8.reduce(into: "") { result, byte in
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "-._~".utf8.contains(byte)
                }
            let code = String(byte, radix: 16, uppercase: true)
            result += isPlain ? String(UnicodeScalar(byte)) : "%" + (code.count == 1 ? "0" : "") + code
        }
    }
}
