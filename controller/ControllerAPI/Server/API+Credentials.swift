// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import Identity
import ResourceStore

/// Tokens for pipelines and for first logins, the list of what was given out, and taking it back: for admins.
extension API {
    /// The word by which roles know this.
    private static let credentialWord = "credentials"

    func credentials(_ route: Route, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard let access = login?.access else { throw .noSuchPath("/" + request.path.joined(separator: "/")) }
        switch (route, request.method) {
        case (.credentials, "GET"): return try await list(access, request)
        case (.credentials, "POST"): return try await issue(access, request)
        case (.revocation, "POST"): return try await revoke(access, request)
        default: throw .methodNotAllowed(request.method)
        }
    }

    private func list(_ access: FleetAccess, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        try await require(AccessRequest(verb: "list", resource: Self.credentialWord), request.caller, nil)
        do throws(StoreError) {
            let items = try await access.credentials().map(Self.node)
            return .json(
                .map([
                    "kind": .text("CredentialList"), "apiVersion": .text(reboundAPIVersion), "items": .list(items),
                ]))
        } catch {
            throw StatusError(error, nil, nil)
        }
    }

    /// The hash of a secret stays here too: nobody has a use for it.
    private static func node(_ record: CredentialRecord) -> ManifestNode {
        let issued = record.issued
        let revocation = record.revocation
        return .map([
            "id": .text(issued?.id ?? revocation?.credential ?? ""), "kind": issued.map { .text($0.kind.rawValue) },
            "name": issued.map { .text($0.name) }, "groups": issued.map { .list($0.groups.map(ManifestNode.text)) },
            "issuedAt": issued.map { .text($0.issuedAt.description) },
            "expiresAt": issued?.expiresAt.map { .text($0.description) },
            "lastUsedAt": issued?.lastUsedAt.map { .text($0.description) },
            "redeemedAt": issued?.redeemedAt.map { .text($0.description) },
            "issuedBy": issued?.issuedBy.map(ManifestNode.text), "purpose": issued?.purpose.map(ManifestNode.text),
            "revokedAt": revocation.map { .text($0.at.description) }, "revokedBy": revocation.map { .text($0.by) },
            "revokedBecause": revocation.map { .text($0.reason) },
        ])
    }

    private func issue(_ access: FleetAccess, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        try await require(AccessRequest(verb: "create", resource: Self.credentialWord), request.caller, nil)
        let wish = try Self.decoded(
            TokenRequest.self, request, known: ["name", "groups", "lifetime", "oneTime", "purpose"])
        guard TextRule.line.matches(wish.purpose) else {
            throw .badRequest("purpose is missing: say what the token is for, on one line")
        }
        let order = TokenOrder(
            kind: wish.oneTime == true ? .oneLogin : .everyRequest, name: wish.name, groups: wish.groups ?? [],
            lifetime: wish.lifetime.duration, purpose: wish.purpose)
        let answer: TokenAnswer
        do throws(TokenRefusal) {
            let (text, issued) = try await access.issueToken(order)
            answer = TokenAnswer(id: issued.id, token: text, expiresAt: issued.expiresAt ?? issued.issuedAt)
        } catch {
            switch error {
            case .invalid(let reason): throw .badRequest("\(reason.message) \(reason.hint)")
            case .unavailable(let reason): throw StatusError(reason, nil, nil)
            }
        }
        return try Self.encoded(answer, status: 201)
    }

    private func revoke(_ access: FleetAccess, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        try await require(AccessRequest(verb: "delete", resource: Self.credentialWord), request.caller, nil)
        let wish = try Self.decoded(RevocationRequest.self, request, known: ["credential", "name", "reason"])
        guard TextRule.line.matches(wish.reason) else {
            throw .badRequest("reason is missing: say why, on one line")
        }
        let by = "user:\(request.caller.name)"
        var taken: [String]?
        do throws(StoreError) {
            switch (wish.credential, wish.name) {
            case (let credential?, nil) where Self.isCredential(credential):
                taken = try await access.revoke(credential, by: by, reason: wish.reason)
            case (nil, let name?) where !name.isEmpty:
                taken = try await access.revokeAll(ofName: name, by: by, reason: wish.reason)
            default: break
            }
        } catch {
            throw StatusError(error, nil, nil)
        }
        guard let taken else {
            throw .badRequest("give either credential (token:ID or certificate:SERIAL) or name")
        }
        return try Self.encoded(RevocationAnswer(revoked: taken))
    }

    /// `token:` or `certificate:` and hexadecimal digits.
    private static func isCredential(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && ["token", "certificate"].contains(parts[0]) && (1...40).contains(parts[1].utf8.count)
            && parts[1].utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    // MARK: JSON

    private static func decoded<T: Decodable>(
        _ type: T.Type, _ request: APIRequest, known: [String]
    ) throws(StatusError) -> T {
        let tree = try ResourceBody.read(request)
        if let unknown = tree.entries?.first(where: { !known.contains($0.key) }) {
            throw .badRequest(
                "unknown field \(Quoted.text(unknown.key)); known are \(known.joined(separator: ", "))")
        }
        do {
            return try JSONDecoder().decode(T.self, from: Data(JSONDocument.compact(tree).utf8))
        } catch DecodingError.keyNotFound(let key, _) {
            throw .badRequest("\(key.stringValue) is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw .badRequest("\(path(context)) is of the wrong kind")
        } catch DecodingError.dataCorrupted(let context) {
            throw .badRequest("\(path(context)): \(context.debugDescription)")
        } catch {
            throw .badRequest("the body cannot be read")
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "the body" : path
    }

    private static func encoded(_ value: some Encodable, status: Int = 200) throws(StatusError) -> APIAnswer {
        do {
            return .json(text: String(decoding: try JSONEncoder().encode(value), as: UTF8.self), status: status)
        } catch {
            throw .internalError("the answer cannot be written")
        }
    }
}
