// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Digests
import Identity
import ResourceStore

/// What is done to runs and experiments, and to everything at once.
extension API {
    func act(_ target: ResourceTarget, _ action: String, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        let isReading = ["observations", "report"].contains(action)
        guard request.method == (isReading ? "GET" : "POST") else { throw .methodNotAllowed(request.method) }
        let name = target.name ?? ""
        let namespace = target.namespace ?? NamespaceRules.permanent
        let wish = AccessRequest(
            verb: isReading ? "get" : action, resource: target.resource.plural, subresource: action,
            namespace: namespace, name: name)
        try await require(wish, request.caller, target.resource)
        let body = try ActionBody(request)
        do {
            switch action {
            case "abort":
                try await runs.abort(
                    run: name, namespace: namespace, requestedBy: request.caller.name, reason: try body.reason())
                return try await resources.get(
                    ResourceTarget(resource: .runs, namespace: namespace, name: name), .run, request)
            case "approve":
                try await runs.approve(
                    run: name, namespace: namespace, approvedBy: request.caller.name, reason: body.text("reason"))
                return try await resources.get(
                    ResourceTarget(resource: .runs, namespace: namespace, name: name), .run, request)
            case "plan":
                return .json(
                    text: try json(await runs.plan(experiment: name, namespace: namespace, seed: try body.seed())))
            case "run": return try await start(name, namespace, body, request)
            case "report": return try await report(name, namespace, request)
            default: return try await observations(name, namespace, request.caller, wish)
            }
        } catch let error as ActionError {
            throw StatusError(error, target.resource, name)
        } catch let error as StatusError {
            throw error
        } catch {
            throw .internalError("\(action) failed: \(error)")
        }
    }

    private func start(
        _ name: String, _ namespace: String, _ body: ActionBody, _ request: APIRequest
    ) async throws -> APIAnswer {
        let wanted = RunRequest(
            seed: try body.seed(), expectedPlanHash: body.text("expectedPlanHash"), requestedBy: request.caller.name,
            reason: body.text("reason"))
        let run = try await runs.start(experiment: name, namespace: namespace, wanted)
        let target = ResourceTarget(resource: .runs, namespace: namespace, name: run.metadata.name)
        return try resources.representation(of: try ResourceTree.of(run), target, request, status: 201)
    }

    private func report(_ name: String, _ namespace: String, _ request: APIRequest) async throws -> APIAnswer {
        let wanted = request.query["format"] ?? ReportFormat.json.rawValue
        guard let format = ReportFormat(rawValue: wanted) else {
            let known = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw StatusError.badRequest("format must be one of \(known), not \(Quoted.text(wanted))")
        }
        let text = try await runs.report(run: name, namespace: namespace, format: format)
        var answer = APIAnswer(status: 200, contentType: format.contentType, body: .bytes(Array(text.utf8)))
        // A report holds what targets answered; no script of theirs may run in a browser.
        answer.headers.append(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"))
        answer.headers.append(("X-Content-Type-Options", "nosniff"))
        return answer
    }

    /// Ends with the run, with the caller's right to it, and with the server.
    private func observations(
        _ name: String, _ namespace: String, _ caller: Caller, _ wish: AccessRequest
    ) async throws -> APIAnswer {
        let lines = try await runs.observations(run: name, namespace: namespace)
        return APIAnswer(
            status: 200, contentType: "application/x-ndjson",
            body: .stream { [end, access] sink in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for try await line in lines { try await sink.write(line) } }
                    group.addTask { await end.wait() }
                    group.addTask { await access.untilForbidden(caller, wish) }
                    try await group.next()
                    group.cancelAll()
                }
            })
    }

    private func json(_ value: some Encodable) throws(StatusError) -> String {
        do { return try ManifestWriter.json(value: value) } catch {
            throw .internalError("the plan cannot be written as JSON")
        }
    }

    // MARK: Everything at once

    func operate(_ route: Route, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        if route == .audit { return try await audit(request) }
        guard request.method == "POST" else { throw .methodNotAllowed(request.method) }
        let verb = route == .halt ? "halt" : "resume"
        try await require(AccessRequest(verb: verb, resource: verb), request.caller, nil)
        let reason = try ActionBody(request).reason()
        do throws(ActionError) {
            guard route == .resume else {
                try await runs.halt(reason: reason, requestedBy: request.caller.name)
                return .json(Self.done("everything is halted"))
            }
            let left = try await runs.resume(reason: reason, requestedBy: request.caller.name)
            return .json(
                Self.done(left.isEmpty ? "nothing is halted" : "still halted by \(left.joined(separator: ", "))"))
        } catch {
            throw StatusError(error, nil, nil)
        }
    }

    private static func done(_ message: String) -> ManifestNode {
        .map([
            "kind": .text("Status"), "apiVersion": .text("v1"), "metadata": .emptyMap, "status": .text("Success"),
            "message": .text(message),
        ])
    }

    /// The records as they are chained: what was hashed is sent as text, so that the chain can be checked by anyone.
    private func audit(_ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard request.method == "GET" else { throw .methodNotAllowed(request.method) }
        try await require(AccessRequest(verb: "list", resource: "audit"), request.caller, nil)
        let after = try request.query.number("after") ?? 0
        let limit = min(try request.query.number("limit") ?? 500, 1_000)
        let entries: [ChainedAuditEntry]
        do throws(StoreError) {
            entries = try await resources.store.auditEntries(after: Int64(after), limit: max(1, limit))
        } catch {
            throw StatusError(error, nil, nil)
        }
        let items = entries.map { entry -> ManifestNode in
            .map([
                "sequence": .number(Int(entry.sequence)),
                "record": .text(String(decoding: entry.record, as: UTF8.self)),
                "hash": .text(Hex.text(entry.hash)),
            ])
        }
        return .json(
            .map([
                "kind": .text("AuditRecordList"), "apiVersion": .text(reboundAPIVersion), "items": .list(items),
                "signingKeys": .list(try signingKeys.map { (key) throws(StatusError) in try Self.tree(of: key) }),
            ]))
    }

    private static func tree(of key: PublicKey) throws(StatusError) -> ManifestNode {
        do throws(IdentityError) { return .map(["id": .text(key.id), "publicKey": .text(try key.pem())]) } catch {
            throw .internalError("the key \(key.id) cannot be written as PEM")
        }
    }
}

/// The small bodies of actions: `{ "reason": "…" }`.
struct ActionBody {
    private let tree: ManifestNode

    init(_ request: APIRequest) throws(StatusError) {
        if request.body.isEmpty || request.method == "GET" {
            tree = .emptyMap
            return
        }
        tree = try ResourceBody.read(request)
        guard tree.isMapping else { throw .badRequest("the body must be a mapping, not \(tree.kindOfValue)") }
        let known = ["reason", "seed", "expectedPlanHash", "kind", "apiVersion"]
        if let unknown = tree.entries?.first(where: { !known.contains($0.key) }) {
            throw .badRequest("unknown field \(Quoted.text(unknown.key)); known are reason, seed and expectedPlanHash")
        }
    }

    func text(_ key: String) -> String? { tree[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }

    /// Throws a bad request when there is none: whoever stops something says why.
    func reason() throws(StatusError) -> String {
        guard let reason = text("reason"), TextRule.line.matches(reason) else {
            throw .badRequest("reason is missing: say why, on one line of at most 1024 characters")
        }
        return reason
    }

    func seed() throws(StatusError) -> UInt64? {
        guard let node = tree["seed"] else { return nil }
        guard let seed = node.numberText.flatMap({ UInt64($0) }) else {
            throw .badRequest("seed must be a whole number from 0 to 2^64 - 1")
        }
        return seed
    }
}
