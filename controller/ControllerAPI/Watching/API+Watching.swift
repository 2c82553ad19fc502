// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Watch.
extension API {
    func watch(
        _ target: ResourceTarget, _ kind: ResourceKind, _ options: ListOptions, _ request: APIRequest
    ) async throws(StatusError) -> APIAnswer {
        var target = target
        var options = options
        if let name = target.name {
            // The old form of a watch on one resource.
            options.fields = try FieldSelector("metadata.name=\(name)", selectable: ["metadata.name"])
            target.name = nil
        }
        let form = try Acceptance(request.accept).form(of: [.table, .partial])
        let frames = WatchFrames(
            resource: target.resource, form: form, table: try TableWriter(request, now: environment.now()))
        let start = try await WatchStart(self, target, kind, options)
        let watch = Watch(
            api: self, target: target, kind: kind, options: options, frames: frames, start: start,
            caller: request.caller)
        return APIAnswer(status: 200, contentType: "application/json", body: .stream { sink in await watch.run(sink) })
    }
}

/// Where a watch begins: with everything there is, or after a version that the client knows.
struct WatchStart {
    /// What is sent as added at the beginning.
    var initial: [StoredDocument] = []
    /// What matched at the version where the watch begins; known only where a resource may begin or cease to match.
    var matching: Set<ResourceKey> = []
    var version: String

    init(
        _ api: API, _ target: ResourceTarget, _ kind: ResourceKind, _ options: ListOptions
    ) async throws(StatusError) {
        var query = options
        query.limit = nil
        query.continuation = nil
        let wanted = options.resourceVersion.flatMap { Int64($0) } ?? 0
        let isFromNow = wanted == 0 || options.sendsInitialEvents
        let isFixed = options.labels.requirements.isEmpty && options.fields.isFixed
        guard isFromNow || !isFixed else {
            version = String(wanted)
            return
        }
        if wanted > 0 { try await api.resources.checkReached(String(wanted), by: "0", target.resource) }
        // Of the version that is gone on from: what has ceased to match since then is still to be told.
        let page = try await api.resources.page(target, kind, query, asOf: isFromNow ? nil : String(wanted))
        matching = Set(page.items.map(\.key))
        version = page.resourceVersion
        let isWanted = isFromNow && (options.sendsInitialEvents || options.resourceVersion == nil || wanted == 0)
        initial = isWanted ? page.items : []
    }
}
