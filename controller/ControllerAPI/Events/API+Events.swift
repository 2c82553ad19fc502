// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// Get, list and watch of events. Who may read runs may read what happened in them.
extension API {
    func events(_ target: ResourceTarget, _ request: APIRequest) async throws(StatusError) -> APIAnswer {
        guard request.method == "GET" else { throw .methodNotAllowed(request.method) }
        let options = try ListOptions(request.query, selectable: RunEvents.selectable)
        let verb = target.name != nil ? "get" : options.isWatch ? "watch" : "list"
        try await require(
            AccessRequest(verb: verb, resource: ServedResource.runs.plural, namespace: target.namespace),
            request.caller, target.resource)
        if let name = target.name { return try await event(name, target, request) }
        let form = try Acceptance(request.accept).form(of: options.isWatch ? [.table] : [.table, .partialList])
        let table = try TableWriter(request, now: environment.now())
        if options.isWatch {
            let frames = WatchFrames(resource: .events, form: form, table: table)
            return try await watchEvents(target, options, frames, request.caller)
        }
        let (runs, version) = try await runs(in: target.namespace)
        let found = Self.selected(runs.flatMap(RunEvents.events), options)
        if form == .table {
            var rows: [ManifestNode] = []
            for event in found { rows.append(try table.row(event, .events)) }
            return .json(table.table(rows, .events, version: version))
        }
        let items = found.map { form == .partialList ? Rendering.partial($0) : $0 }
        let isPartial = form == .partialList
        let bytes = Rendering.list(
            kind: isPartial ? "PartialObjectMetadataList" : "EventList",
            groupVersion: isPartial ? "meta.k8s.io/v1" : "v1", version: version, continuation: nil, remaining: nil,
            items: items.map { Array(JSONDocument.compact($0).utf8) })
        return APIAnswer(status: 200, contentType: "application/json", body: .bytes(bytes))
    }

    /// From now, with what there is; or after a version, with what the timelines had then counting as known.
    private func watchEvents(
        _ target: ResourceTarget, _ options: ListOptions, _ frames: WatchFrames, _ caller: Caller
    ) async throws(StatusError) -> APIAnswer {
        let wanted = options.resourceVersion.flatMap { Int64($0) } ?? 0
        let isFromNow = wanted == 0 || options.sendsInitialEvents
        if wanted > 0 { try await resources.checkReached(String(wanted), by: "0", .runs) }
        var query = DocumentQuery(kind: .run, namespace: target.namespace)
        query.version = isFromNow ? nil : String(wanted)
        let page = try await resources.stored(.events, nil) { [query] () async throws(StoreError) in
            try await resources.store.listDocuments(query)
        }
        var known: [(uid: String, events: [ManifestNode])] = []
        for document in page.items { known.append((document.uid, try RunEvents.events(in: document))) }
        let watch = EventWatch(
            api: self, target: target, options: options, frames: frames, known: known, isFromNow: isFromNow,
            version: page.resourceVersion, caller: caller)
        return APIAnswer(status: 200, contentType: "application/json", body: .stream { sink in await watch.run(sink) })
    }

    private func event(_ name: String, _ target: ResourceTarget, _ request: APIRequest) async throws(StatusError)
        -> APIAnswer
    {
        let (runs, _) = try await runs(in: target.namespace)
        let found = runs.filter { name.hasPrefix($0.metadata.name + ".") }.flatMap(RunEvents.events).first {
            $0.at(["metadata", "name"])?.text == name
        }
        guard let found else { throw .notFound(.events, name) }
        return try resources.representation(of: found, target, request)
    }

    static func selected(_ events: [ManifestNode], _ options: ListOptions) -> [ManifestNode] {
        // Events have no labels.
        guard options.labels.matches([:]) else { return [] }
        return events.filter { options.fields.matches($0) }
    }

    private func runs(in namespace: String?) async throws(StatusError) -> ([Run], String) {
        let list = try await resources.stored(.runs, nil) { () async throws(StoreError) in
            try await resources.store.list(Run.self, namespace: namespace, labels: [:])
        }
        return (list.items, list.resourceVersion)
    }
}

/// An open watch on events: what is new in the timelines of runs.
struct EventWatch: Sendable {
    let api: API
    let target: ResourceTarget
    let options: ListOptions
    let frames: WatchFrames
    /// The events of each run at `version`.
    let known: [(uid: String, events: [ManifestNode])]
    /// Whether the client is told of them.
    let isFromNow: Bool
    let version: String
    let caller: Caller

    func run(_ sink: any AnswerSink) async {
        let wish = AccessRequest(verb: "watch", resource: ServedResource.runs.plural, namespace: target.namespace)
        let life = WatchLife(api: api, options: options, caller: caller, wish: wish)
        let observe: WatchObserver = { api.watching(ServedResource.events.plural, $0) }
        await life.run(observe) { await send(to: sink, observe) }
    }

    private func send(to sink: any AnswerSink, _ observe: WatchObserver) async -> WatchEnding {
        do {
            if isFromNow {
                for run in known { try await write("ADDED", run.events, to: sink, observe) }
                if options.sendsInitialEvents, options.wantsBookmarks {
                    try await sink.write(try frames.bookmark(version, .run, endsInitialEvents: true))
                }
            }
            try await follow(sink, observe)
            return .clientGone
        } catch let error as StoreError {
            do { try await sink.write(frames.failure(StatusError(error, .events, nil))) } catch {}  // Nobody to tell.
            return error.code == .expired ? .expired : .failed
        } catch {
            return .clientGone
        }
    }

    private func follow(_ sink: any AnswerSink, _ observe: WatchObserver) async throws {
        var seen = Dictionary(known.map { ($0.uid, $0.events.count) }, uniquingKeysWith: max)
        let changes = api.resources.store.watchDocuments(
            .run, namespace: target.namespace, after: version,
            bookmarks: options.wantsBookmarks ? api.limits.bookmarkInterval : nil)
        for try await change in changes {
            switch change {
            case .bookmark(let version):
                guard options.wantsBookmarks else { continue }
                try await sink.write(try frames.bookmark(version, .run, endsInitialEvents: false))
            case .change(.deleted, let document):
                // A run's events go with it.
                try await write("DELETED", try RunEvents.events(in: document), to: sink, observe)
                seen[document.uid] = nil
            case .change(_, let document):
                let events = try RunEvents.events(in: document)
                try await write("ADDED", Array(events.dropFirst(seen[document.uid] ?? 0)), to: sink, observe)
                seen[document.uid] = events.count
            }
        }
    }

    private func write(
        _ type: String, _ events: [ManifestNode], to sink: any AnswerSink, _ observe: WatchObserver
    ) async throws {
        for event in API.selected(events, options) {
            let object =
                frames.form == .table
                ? frames.table.table([try frames.table.row(event, .events)], .events, version: version) : event
            try await sink.write(frames.line(type, object))
            observe(.sent)
        }
    }
}
