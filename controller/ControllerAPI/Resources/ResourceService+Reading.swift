// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Get and list.
extension ResourceService {
    func get(_ target: ResourceTarget, _ kind: ResourceKind, _ request: APIRequest) async throws(StatusError)
        -> APIAnswer
    {
        let form = try Acceptance(request.accept).form(of: [.table, .partial])
        let document = try await document(target, kind, name: target.name ?? "")
        try await checkReached(request.query["resourceVersion"], by: document.resourceVersion, target.resource)
        switch form {
        case .table: return try table([document], target, request, version: document.resourceVersion)
        case .partial: return .json(Rendering.partial(try Rendering.tree(document)))
        default:
            return APIAnswer(
                status: 200, contentType: "application/json", body: .bytes(try Rendering.json(document)))
        }
    }

    func list(
        _ target: ResourceTarget, _ kind: ResourceKind, _ options: ListOptions, _ request: APIRequest
    ) async throws(StatusError) -> APIAnswer {
        let form = try Acceptance(request.accept).form(of: [.table, .partialList])
        let page = try await page(target, kind, options)
        try checkVersion(options, page.resourceVersion)
        switch form {
        case .table:
            return try table(page.items, target, request, version: page.resourceVersion, next: page.continuation)
        case .partialList:
            var items: [[UInt8]] = []
            for item in page.items {
                items.append(Array(JSONDocument.compact(Rendering.partial(try Rendering.tree(item))).utf8))
            }
            return answer("PartialObjectMetadataList", "meta.k8s.io/v1", page, items)
        default:
            var items: [[UInt8]] = []
            for item in page.items { items.append(try Rendering.json(item)) }
            return answer(target.resource.kind + "List", target.resource.groupVersion, page, items)
        }
    }

    /// One page of what a collection holds, by the store's own selection; with a version, of what it held then.
    func page(
        _ target: ResourceTarget, _ kind: ResourceKind, _ options: ListOptions, asOf version: String? = nil
    ) async throws(StatusError) -> DocumentPage {
        var query = DocumentQuery(
            kind: kind, namespace: target.namespace, labels: options.labels.requirements,
            fields: options.fields.requirements, limit: options.limit, continuation: options.continuation)
        query.version = version
        let asked = query
        return try await stored(target.resource, nil) { () async throws(StoreError) in
            try await store.listDocuments(asked)
        }
    }

    private func answer(_ kind: String, _ groupVersion: String, _ page: DocumentPage, _ items: [[UInt8]]) -> APIAnswer {
        let bytes = Rendering.list(
            kind: kind, groupVersion: groupVersion, version: page.resourceVersion, continuation: page.continuation,
            remaining: nil, items: items)
        return APIAnswer(status: 200, contentType: "application/json", body: .bytes(bytes))
    }

    private func table(
        _ documents: [StoredDocument], _ target: ResourceTarget, _ request: APIRequest, version: String,
        next: String? = nil
    ) throws(StatusError) -> APIAnswer {
        let table = try TableWriter(request, now: environment.now()).table(
            documents, target.resource, version: version, next: next)
        return .json(table)
    }

    /// `NotOlderThan` and `Exact`, as far as a store that keeps no old states can: the newest is what there is.
    private func checkVersion(_ options: ListOptions, _ current: String) throws(StatusError) {
        guard options.continuation == nil, let wanted = options.resourceVersion.flatMap({ Int64($0) }), wanted > 0,
            let now = Int64(current)
        else { return }
        if wanted > now { throw Self.tooLarge(wanted, now) }
        if options.versionMatch == "Exact", wanted != now {
            throw .expired("The state at resourceVersion \(wanted) is no longer kept; the newest is \(now).")
        }
    }

    /// Throws when the store has not come to the version that is asked for.
    func checkReached(
        _ wanted: String?, by version: String, _ resource: ServedResource
    ) async throws(StatusError) {
        guard let wanted else { return }
        guard let number = Int64(wanted), number >= 0 else {
            throw .badRequest("\(Quoted.text(wanted)) is no resourceVersion of this server")
        }
        guard let own = Int64(version), number > own else { return }
        // The object may be older than the store is.
        let query = DocumentQuery(kind: .namespace, limit: 1)
        let page = try await stored(resource, nil) { () async throws(StoreError) in
            try await store.listDocuments(query)
        }
        if let now = Int64(page.resourceVersion), number > now { throw Self.tooLarge(number, now) }
    }

    static func tooLarge(_ wanted: Int64, _ now: Int64) -> StatusError {
        var error = StatusError.timeout("Too large resource version: \(wanted), current: \(now)")
        error.causes = [
            .init(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "")
        ]
        return error
    }
}
