// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// A refusal as Kubernetes's clients know it: `Status` of `v1`.
struct StatusError: Error, Sendable {
    struct Cause: Sendable, Equatable {
        var reason: String
        var message: String
        var field: String
    }

    var code: Int
    var reason: String
    var message: String
    /// What it is about: name, group and plural.
    var name: String?
    var resource: ServedResource?
    var causes: [Cause] = []
    var retryAfterSeconds: Int?
    var uid: String?

    /// The document that is sent.
    var document: ManifestNode {
        let hasDetails = name != nil || resource != nil || !causes.isEmpty || retryAfterSeconds != nil
        let causes = causes.map { cause -> ManifestNode in
            .map([
                "reason": .text(cause.reason), "message": .text(cause.message),
                "field": cause.field.isEmpty ? nil : .text(cause.field),
            ])
        }
        let group = resource.flatMap { $0.group.isEmpty ? nil : ManifestNode.text($0.group) }
        let details = ManifestNode.map([
            "name": name.map(ManifestNode.text), "group": group,
            "kind": resource.map { .text($0.plural) }, "uid": uid.map(ManifestNode.text),
            "causes": causes.isEmpty ? nil : .list(causes),
            "retryAfterSeconds": retryAfterSeconds.map(ManifestNode.number),
        ])
        return .map([
            "kind": .text("Status"), "apiVersion": .text("v1"), "metadata": .emptyMap, "status": .text("Failure"),
            "message": .text(message), "reason": .text(reason), "details": hasDetails ? details : nil,
            "code": .number(code),
        ])
    }

    var answer: APIAnswer {
        var answer = APIAnswer.json(document, status: code)
        if let retryAfterSeconds { answer.headers.append(("Retry-After", String(retryAfterSeconds))) }
        if code == 401 { answer.headers.append(("WWW-Authenticate", "Bearer")) }
        return answer
    }
}

extension StatusError {
    static func badRequest(_ message: String) -> StatusError {
        StatusError(code: 400, reason: "BadRequest", message: message)
    }

    static func unauthorized(_ denial: Denial) -> StatusError {
        StatusError(code: 401, reason: "Unauthorized", message: "\(denial.message) \(denial.hint)")
    }

    static func forbidden(_ message: String, _ resource: ServedResource? = nil, name: String? = nil) -> StatusError {
        StatusError(code: 403, reason: "Forbidden", message: message, name: name, resource: resource)
    }

    static func noSuchPath(_ path: String) -> StatusError {
        StatusError(
            code: 404, reason: "NotFound",
            message: "the server could not find the requested resource: nothing is served at \(Quoted.text(path))")
    }

    static func notFound(_ resource: ServedResource, _ name: String) -> StatusError {
        StatusError(
            code: 404, reason: "NotFound", message: "\(resource.qualified) \(Quoted.text(name)) not found",
            name: name, resource: resource)
    }

    static func alreadyExists(_ resource: ServedResource, _ name: String) -> StatusError {
        StatusError(
            code: 409, reason: "AlreadyExists", message: "\(resource.qualified) \(Quoted.text(name)) already exists",
            name: name, resource: resource)
    }

    static func conflict(_ resource: ServedResource, _ name: String, _ why: String) -> StatusError {
        StatusError(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(resource.qualified) \(Quoted.text(name)): \(why)",
            name: name, resource: resource)
    }

    static func methodNotAllowed(_ method: String) -> StatusError {
        StatusError(
            code: 405, reason: "MethodNotAllowed",
            message: "the server does not allow \(Quoted.text(method)) on the requested resource")
    }

    static func expired(_ message: String) -> StatusError {
        StatusError(code: 410, reason: "Expired", message: message)
    }

    static func tooLarge(limit: Int) -> StatusError {
        StatusError(
            code: 413, reason: "RequestEntityTooLarge", message: "the body is larger than \(limit) bytes")
    }

    static func unsupportedMediaType(_ got: String, accepted: [String]) -> StatusError {
        let list = accepted.joined(separator: ", ")
        return StatusError(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format (\(Quoted.text(got))) - accepted media types "
                + "include: \(list)")
    }

    static func notAcceptable(_ offered: [String]) -> StatusError {
        StatusError(
            code: 406, reason: "NotAcceptable",
            message: "only the following media types are accepted: \(offered.joined(separator: ", "))")
    }

    /// Several fields at once, each with its cause.
    static func invalid(
        _ resource: ServedResource, _ name: String, _ causes: [Cause], code: Int = 422
    ) -> StatusError {
        let list = causes.map { $0.field.isEmpty ? $0.message : "\($0.field): \($0.message)" }
        let text = list.count == 1 ? list[0] : "[" + list.joined(separator: ", ") + "]"
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        return StatusError(
            code: code, reason: "Invalid", message: "\(kind) \(Quoted.text(name)) is invalid: \(text)", name: name,
            resource: resource, causes: causes)
    }

    static func invalid(_ resource: ServedResource, _ name: String, _ failure: ValidationFailure) -> StatusError {
        invalid(resource, name, failure.problems.map(Cause.init))
    }

    static func invalid(
        _ resource: ServedResource, _ name: String, field: String, _ message: String,
        reason: String = "FieldValueInvalid"
    ) -> StatusError {
        invalid(resource, name, [Cause(reason: reason, message: message, field: field)])
    }

    static func unavailable(_ message: String, retryAfter: Int = 1) -> StatusError {
        StatusError(code: 503, reason: "ServiceUnavailable", message: message, retryAfterSeconds: retryAfter)
    }

    static func timeout(_ message: String) -> StatusError {
        StatusError(code: 504, reason: "Timeout", message: message, retryAfterSeconds: 1)
    }

    static func internalError(_ message: String) -> StatusError {
        StatusError(code: 500, reason: "InternalError", message: message)
    }
}

extension StatusError.Cause {
    /// The reader's problem, in Kubernetes's words for why.
    init(_ problem: Problem) {
        let isMissing = problem.message.hasPrefix("missing")
        let isUnknown = problem.message.hasPrefix("unknown field")
        var text = problem.message
        if let value = problem.value { text += " (got \(value))" }
        if let hint = problem.hint { text += "; \(hint)" }
        self.init(
            reason: isMissing ? "FieldValueRequired" : isUnknown ? "FieldValueForbidden" : "FieldValueInvalid",
            message: text, field: problem.path)
    }
}

extension StatusError {
    /// A credential that proves nothing is a client's matter; a store that cannot be asked about it is not.
    init(_ failure: CallerFailure) {
        switch failure {
        case .denied(let denial): self = .unauthorized(denial)
        case .unavailable(let error):
            self = .unavailable("credentials cannot be looked up: \(error.message) \(error.hint)", retryAfter: 5)
        }
    }

    /// What a store's refusal means to a client.
    init(_ error: StoreError, _ resource: ServedResource?, _ name: String?) {
        let said = error.hint.isEmpty ? error.message : "\(error.message) \(error.hint)"
        switch error.code {
        case .notFound: self.init(code: 404, reason: "NotFound", message: said)
        case .alreadyExists: self.init(code: 409, reason: "AlreadyExists", message: said)
        case .conflict:
            self.init(
                code: 409, reason: "Conflict",
                message: "Operation cannot be fulfilled on \(resource?.qualified ?? "resource") "
                    + "\(Quoted.text(name ?? "")): the object has been modified; please apply your changes to the "
                    + "latest version and try again")
        case .expired: self.init(code: 410, reason: "Expired", message: said)
        case .unavailable: self = .unavailable(said)
        case .full, .readOnly: self.init(code: 507, reason: "InsufficientStorage", message: said)
        case .corrupt: self = .unavailable(said, retryAfter: 5)
        case .invalid: self.init(code: 422, reason: "Invalid", message: said)
        }
        self.name = name
        self.resource = resource
    }
}
