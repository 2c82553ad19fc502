// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Identity
import Logging
import ResourceStore

/// Answers requests: who is asking, what the path means, whether it is allowed, and then the handler.
struct API: Sendable {
    let resources: ResourceService
    let access: any AccessControl
    /// Nil where somebody else says who is who.
    let login: LoginService?
    let runs: any RunActions
    let limits: APIServerLimits
    let browsers: BrowserRules
    let programVersion: String
    let signingKeys: [PublicKey]
    let metrics: MetricsSource?
    let readiness: @Sendable () async -> [ReadinessCheck]
    let logger: Logger
    let watching: WatchesObserver
    let end = EndSignal()
    let trees = DocumentTrees()

    var environment: APIEnvironment { resources.environment }

    /// Never throws, and never traps, whatever the request is.
    func answer(
        _ head: RequestHead, body: @escaping @Sendable () async throws(StatusError) -> [UInt8]
    ) async -> APIAnswer {
        let received = environment.now()
        do throws(StatusError) {
            return try await within(limits.requestTimeout, .timeout("the request was not answered in time")) {
                () async throws(StatusError) in
                try await checked(head, received, body: body)
            }
        } catch {
            if error.code >= 500 {
                logger.warning(
                    "request refused",
                    metadata: ["code": "\(error.code)", "reason": "\(error.reason)", "message": "\(error.message)"])
            }
            var answer = error.answer
            if error.code == 405 { answer.headers.append(("Allow", Self.allowed(at: head.target))) }
            return answer
        }
    }

    /// The methods of a path, as RFC 9110 section 15.5.6 wants them named where another was used.
    private static func allowed(at target: String) -> String {
        // It was read before, or refused as unreadable.
        guard let (path, _) = try? parts(of: target) else { return "" }
        return Route(path: path)?.methods.joined(separator: ", ") ?? ""
    }

    private func checked(
        _ head: RequestHead, _ received: Timestamp,
        body read: @escaping @Sendable () async throws(StatusError) -> [UInt8]
    ) async throws(StatusError) -> APIAnswer {
        let late = StatusError(code: 408, reason: "Timeout", message: "the body did not come in time")
        let body: @Sendable () async throws(StatusError) -> [UInt8] = { () async throws(StatusError) in
            try await within(limits.bodyTimeout, late, read)
        }
        try browsers.check(authority: head.authority, origin: head.origin, fetchSite: head.fetchSite)
        let (path, query) = try Self.parts(of: head.target)
        let route = Route(path: path)
        if let answer = try await health(route, head) { return answer }
        if route == .login { return try await login(head, body: body) }
        let caller = try await caller(head)
        guard let route else { throw .noSuchPath(head.target) }
        let request = APIRequest(
            method: head.method, path: path, query: query, accept: head.accept, contentType: head.contentType,
            userAgent: head.userAgent, body: try await body(), caller: caller, id: environment.uuid(),
            receivedAt: received)
        let origin = WriteOrigin(actor: "user:\(caller.name)", reason: reason(of: request), request: request.id)
        let result: Result<APIAnswer, StatusError> = await WriteOrigin.$current.withValue(origin) {
            do throws(StatusError) { return .success(try await dispatch(route, request)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Why, in the words of the one who asks: a parameter, or the annotation of what is sent.
    private func reason(of request: APIRequest) -> String? {
        if let reason = request.query["reason"] { return String(reason.prefix(1_024)) }
        guard !request.body.isEmpty, request.method == "POST" || request.method == "PUT",
            ["", "application/json"].contains(ResourceBody.mediaType(request.contentType)),
            let tree = try? JSONDocument.read(request.body)  // What cannot be read is refused by its handler.
        else { return nil }
        let path = ["metadata", "annotations", WriteOrigin.reasonAnnotation]
        return (tree["reason"]?.text ?? tree.at(path)?.text).map { String($0.prefix(1_024)) }
    }

    private func caller(_ head: RequestHead) async throws(StatusError) -> Caller {
        let credentials = PresentedCredentials(certificate: head.certificate, authorization: head.authorization)
        switch await access.caller(credentials) {
        case .success(let caller): return caller
        case .failure(let failure): throw StatusError(failure)
        }
    }

    /// The path's segments and the query's parameters. Throws a bad request for broken escapes.
    static func parts(of target: String) throws(StatusError) -> ([String], QueryParameters) {
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let query = QueryParameters(pieces.count > 1 ? pieces[1] : "") else {
            throw .badRequest("the query cannot be read")
        }
        guard pieces[0].first == "/" else { throw .badRequest("the path must begin with a slash") }
        var segments = pieces[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if segments.last?.isEmpty == true { segments.removeLast() }
        var path: [String] = []
        for segment in segments {
            guard let text = PercentDecoding.decoded(segment) else { throw .badRequest("the path cannot be read") }
            path.append(text)
        }
        return (path, query)
    }

    /// What is answered without a credential: that this process lives, and whether it is ready.
    private func health(_ route: Route?, _ head: RequestHead) async throws(StatusError) -> APIAnswer? {
        guard route == .health || route == .readiness else { return nil }
        guard head.method == "GET" || head.method == "HEAD" else { throw .methodNotAllowed(head.method) }
        if route == .health { return .plain("ok") }
        let failed = await readiness().filter { !$0.isReady }.map(\.name)
        if failed.isEmpty { return .plain("ok") }
        return .plain("not ready: \(failed.joined(separator: ", "))\n", status: 503)
    }

    /// What the body gives, or the error when it takes longer; what it does is cancelled then, and waited for.
    private func within<Value: Sendable>(
        _ limit: Duration, _ late: StatusError, _ body: @escaping @Sendable () async throws(StatusError) -> Value
    ) async throws(StatusError) -> Value {
        let first = await withTaskGroup(of: Result<Value, StatusError>?.self) { group in
            group.addTask {
                do throws(StatusError) { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask { [environment] in
                do { try await environment.sleep(limit) } catch { return nil }  // Cancelled: the body came first.
                return .failure(late)
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        guard let first else { throw late }
        return try first.get()
    }

    /// Throws 403 unless the caller may do it.
    func require(_ access: AccessRequest, _ caller: Caller, _ resource: ServedResource?) async throws(StatusError) {
        let decision: AccessDecision
        do throws(StoreError) { decision = try await self.access.decide(caller, access) } catch {
            throw .unavailable("who may do what cannot be read: \(error.message)")
        }
        if decision.isAllowed { return }
        let place = access.namespace.map { " in the namespace \(Quoted.text($0))" } ?? " at the cluster scope"
        let what = resource?.qualified ?? access.resource
        let sub = access.subresource.map { "/\($0)" } ?? ""
        let name = access.name.map { " \(Quoted.text($0))" } ?? ""
        throw .forbidden(
            "\(what)\(name) is forbidden: User \(Quoted.text(caller.name)) cannot \(access.verb) resource "
                + "\"\(access.resource)\(sub)\"\(place): \(decision.reason)",
            resource, name: access.name)
    }
}
