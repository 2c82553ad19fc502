// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTransport
import Logging

/// A profile of IAM Identity Center: the token that `aws sso login` left, exchanged for a role's keys; renewed by
/// ourselves while its refresh token holds.
struct SSOCredentials: CredentialSource {
    let context: AWSContext
    let settings: AWSSettings
    let profile: AWSProfile

    var name: String { "profile \(profile.name) (sso)" }

    /// From here on before its expiry a token is renewed.
    private static let renewBefore: Int64 = 300_000_000_000

    private struct Plan {
        var account: String
        var role: String
        var region: String
        var cacheKey: String
    }

    func find() async throws(AWSError) -> CredentialFinding {
        let plan = try plan()
        var cache = try readCache(plan)
        if let expiry = cache.expiresAt, expiry.nanoseconds - context.clock.now().nanoseconds < Self.renewBefore {
            cache = try await renewed(cache, plan)
        }
        guard let token = cache.accessToken, let expiry = cache.expiresAt, expiry > context.clock.now() else {
            throw loginNeeded("the token in \(cache.path) has expired.")
        }
        return .found(try await roleKeys(plan, token))
    }

    private func plan() throws(AWSError) -> Plan {
        func need(_ key: String, _ values: [String: String], _ place: String) throws(AWSError) -> String {
            guard let value = values[key], !value.isEmpty else {
                throw broken("\(place) has no \(key).", hint: "Run aws configure sso, or write it.")
            }
            return value
        }
        let place = "the profile \(profile.name)"
        let account = try need("sso_account_id", profile.values, place)
        let role = try need("sso_role_name", profile.values, place)
        guard let session = profile["sso_session"] else {
            let region = try need("sso_region", profile.values, place)
            let url = try need("sso_start_url", profile.values, place)
            return Plan(account: account, role: role, region: region, cacheKey: url)
        }
        guard let values = settings.config.ssoSessions[session] else {
            throw broken("there is no [sso-session \(session)].", hint: "Run aws configure sso, or write it.")
        }
        let region = try need("sso_region", values, "[sso-session \(session)]")
        return Plan(account: account, role: role, region: region, cacheKey: session)
    }

    private func readCache(_ plan: Plan) throws(AWSError) -> SSOTokenCache {
        guard let path = SSOTokenCache.path(for: plan.cacheKey, context.environment) else {
            throw broken("the home directory is unknown, and with it the token's file.", hint: "Set HOME.")
        }
        let bytes: [UInt8]?
        do {
            bytes = try context.environment.readFile(path)
        } catch {
            throw broken(
                "\(path) cannot be read: \(error.reason).", hint: "Let this program's user read it.", cause: error)
        }
        guard let bytes else { throw loginNeeded("there is no token at \(path).") }
        guard let cache = SSOTokenCache(path: path, bytes) else { throw loginNeeded("\(path) holds no token.") }
        return cache
    }

    /// The cache with a new token, also written to its file; the same cache when it cannot be renewed, since an old
    /// token may still be good for minutes.
    private func renewed(_ cache: SSOTokenCache, _ plan: Plan) async throws(AWSError) -> SSOTokenCache {
        let now = context.clock.now()
        let isStillGood = cache.accessToken != nil && cache.expiresAt.map { $0 > now } ?? false
        guard let request = cache.refreshRequest(now: now) else { return cache }
        var fresh = cache
        do throws(AWSError) {
            let reply = try await createToken(request, plan, cache.secrets)
            guard let answer = decoded(reply), fresh.take(answer, now: now) else {
                throw broken(
                    "the answer of CreateToken holds no token.", code: .malformedReply, hint: "Run aws sso login.")
            }
        } catch {
            guard isStillGood else {
                throw loginNeeded("the token has expired and was not renewed: \(error.message)", error)
            }
            return cache
        }
        write(fresh)
        return fresh
    }

    private func createToken(
        _ request: [String: JSONValue], _ plan: Plan, _ secrets: [String]
    ) async throws(AWSError) -> AWSReply {
        let body: [UInt8]
        do {
            body = Array(try JSONEncoder().encode(JSONValue.object(request)))
        } catch {
            throw broken("the request for a new token cannot be written.", code: .other, hint: "")
        }
        let payload = AWSPayload.rest(method: "POST", path: "/token", query: [], headers: [], body: body)
        // A refresh token may be good for one use only, so a lost answer is not asked for again.
        var call = AWSCall(service: .ssoTokens, action: "CreateToken", payload: payload, effect: .actsOnce)
        call.authentication = .anonymous
        call.secrets = secrets
        return try await client(plan).call(call)
    }

    private func roleKeys(_ plan: Plan, _ token: String) async throws(AWSError) -> AWSCredentials {
        let payload = AWSPayload.rest(
            method: "GET", path: "/federation/credentials",
            query: [("role_name", plan.role), ("account_id", plan.account)],
            headers: [HTTPHeader(name: "x-amz-sso_bearer_token", value: token)], body: [])
        var call = AWSCall(service: .ssoPortal, action: "GetRoleCredentials", payload: payload, effect: .reads)
        call.authentication = .anonymous
        call.secrets = [token]
        let reply: AWSReply
        do {
            reply = try await client(plan).call(call)
        } catch {
            if error.httpStatus == 401 { throw loginNeeded("the token is no longer accepted.", error) }
            var error = error
            error.message = "Credentials from \(name): role \(plan.role) of \(plan.account): \(error.message)"
            throw error
        }
        guard let keys = decoded(reply)?["roleCredentials"], let key = keys["accessKeyId"]?.text,
            let secret = keys["secretAccessKey"]?.text, let sessionToken = keys["sessionToken"]?.text,
            case .integer(let milliseconds) = keys["expiration"], (0..<7_000_000_000_000).contains(milliseconds)
        else {
            throw broken("the answer of GetRoleCredentials holds no keys.", code: .malformedReply, hint: "")
        }
        return AWSCredentials(
            accessKeyID: key, secretAccessKey: secret, sessionToken: sessionToken,
            expiration: AWSInstant(nanoseconds: milliseconds * 1_000_000), source: name, accountID: plan.account)
    }

    private func client(_ plan: Plan) throws(AWSError) -> AWSClient {
        let region = try AWSRegionName.check(plan.region, from: "sso_region")
        return try context.client(region: region, settings: settings, credentials: NoKeys())
    }

    /// Nil when it is not JSON; the decoder's own error would quote it, and it is secret.
    private func decoded(_ reply: AWSReply) -> JSONValue? {
        try? JSONDecoder().decode(JSONValue.self, from: Data(reply.body))
    }

    /// Losing this error is right: the token in memory works, and the file's old one is renewed again next time.
    private func write(_ cache: SSOTokenCache) {
        guard let bytes = try? cache.encoded() else { return }
        do {
            try context.environment.writeFile(cache.path, bytes)
        } catch {
            context.logger.warning(
                "the renewed SSO token could not be kept",
                metadata: ["path": "\(error.path)", "reason": "\(error.reason)"])
        }
    }

    private func loginNeeded(_ message: String, _ cause: (any Error)? = nil) -> AWSError {
        broken(message, code: .expiredCredentials, hint: "Run aws sso login --profile \(profile.name).", cause: cause)
    }
}
