// SPDX-License-Identifier: Apache-2.0

/// The parameters of a query call, in the order they were added. `Action` and `Version` are the client's to add.
struct QueryForm {
    private(set) var parameters: [(name: String, value: String)] = []

    /// Adds a parameter, unless there is no value.
    mutating func add(_ name: String, _ value: String?) {
        if let value { parameters.append((name, value)) }
    }

    /// Adds a whole number, unless there is none.
    mutating func add(_ name: String, _ value: Int?) { add(name, value.map(String.init)) }

    /// Adds `true` or `false`, unless there is neither.
    mutating func add(_ name: String, _ value: Bool?) { add(name, value.map { $0 ? "true" : "false" }) }

    /// Adds a time in UTC, unless there is none.
    mutating func add(_ name: String, _ value: AWSInstant?) { add(name, value?.description) }

    /// Adds a list numbered from 1: `name.1`, `name.2`. Query services other than EC2 want `Name.member`.
    mutating func add(list name: String, _ values: some Sequence<String>) {
        for (index, value) in values.enumerated() { add("\(name).\(index + 1)", value) }
    }
}

extension AWSCall {
    /// A query call that only looks.
    static func read(_ service: AWSService, _ action: String, _ form: QueryForm) -> AWSCall {
        AWSCall(service: service, action: action, payload: .form(form.parameters), effect: .reads)
    }

    /// A query call that changes something.
    static func act(_ service: AWSService, _ action: String, _ form: QueryForm, _ effect: AWSCallEffect) -> AWSCall {
        AWSCall(service: service, action: action, payload: .form(form.parameters), effect: effect)
    }
}

extension AWSError {
    /// An answer that came back whole but does not say what AWS documents.
    static func malformed(_ call: AWSCall, _ fault: XMLFault, requestID: String?, status: Int?) -> AWSError {
        AWSError(
            code: .malformedReply, awsCode: nil, message: "\(fault.path) \(fault.problem)",
            hint: "Check that the endpoint is AWS or speaks its protocol, and that no proxy changes its answers.",
            service: call.service.signingName, action: call.action, requestID: requestID, httpStatus: status,
            mayHaveActed: call.effect != .reads, cause: fault)
    }

    /// A call that would be refused or would mean something else than was asked; nothing was sent.
    static func invalid(_ service: AWSService, _ action: String, _ message: String, hint: String) -> AWSError {
        AWSError(
            code: .invalidRequest, awsCode: nil, message: message, hint: hint,
            service: service.signingName, action: action, requestID: nil, httpStatus: nil, mayHaveActed: false,
            cause: nil)
    }
}
