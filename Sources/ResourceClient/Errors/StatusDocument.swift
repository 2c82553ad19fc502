// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

/// The answer of a server that did not do what it was asked (Kubernetes API, `metav1.Status`). Every field may be
/// missing: a proxy in between answers with pages of its own.
struct StatusDocument: Decodable {
    struct Details: Decodable {
        var name: String?
        var kind: String?
        var causes: [ClientError.FieldCause]?
        var retryAfterSeconds: Int?
    }

    var kind: String?
    var message: String?
    var reason: String?
    var code: Int?
    var details: Details?
}

extension ClientError {
    /// From a whole answer with a status of 400 or more.
    init(status: Int, body: [UInt8], retryAfter: String?, request: String) {
        // A page of a proxy is no Status; then the number is all there is.
        let document = try? JSONDecoder().decode(StatusDocument.self, from: Data(body))
        let known = document?.kind == "Status" ? document : nil
        self.init(status: status, known, request: request)
        if let seconds = retryAfter.flatMap({ Int($0) }) ?? known?.details?.retryAfterSeconds, seconds >= 0 {
            self.retryAfter = .seconds(min(seconds, 3_600))
        }
    }

    init(status: Int, _ document: StatusDocument?, request: String) {
        let code = Self.code(status: status, reason: document?.reason)
        let words = document?.message.flatMap { $0.isEmpty ? nil : $0 }
        self.init(code, words ?? "\(request): the server answered \(status)", hint: Self.hint(for: code))
        self.status = status
        reason = document?.reason
        causes = document?.details?.causes ?? []
        // A gateway or a failing server may have got half way.
        mayHaveBeenDone = status >= 500
    }

    /// The number decides, the reason refines: 409 means two things.
    private static func code(status: Int, reason: String?) -> Code {
        switch status {
        case 401: .unauthorized
        case 403: .forbidden
        case 404: .notFound
        case 409: reason == "AlreadyExists" ? .alreadyExists : .conflict
        case 410: .expired
        case 400, 422: reason == "Expired" ? .expired : .invalid
        case 405, 406, 415, 501: .unsupported
        case 413: .tooLarge
        case 429: .tooManyRequests
        case 502, 503, 504: .unavailable
        case 500...: .serverFailed
        default: .undecodable
        }
    }

    private static func hint(for code: Code) -> String {
        switch code {
        case .unauthorized: "Log in again with `rebound login`, or give a token with --token-file."
        case .forbidden: "Ask an admin for a role that allows it; `rebound whoami` shows who you are."
        case .notFound: "See `rebound get` for what there is."
        case .alreadyExists: "Choose another name, or change the one that is there with `rebound apply`."
        case .conflict: "Somebody else changed it meanwhile. Look again, and repeat."
        case .expired: "Start again from a fresh list."
        case .invalid: "See `rebound explain` for what may be written."
        case .unsupported: "Check that the server is a Rebound controller of this version."
        case .tooLarge: "Send or ask for less."
        case .tooManyRequests, .unavailable: "Try again in a moment."
        case .serverFailed: "See the controller's log."
        case .misconfigured, .unreachable, .undecodable: "Check the address of the server."
        case .cancelled: ""
        }
    }
}
