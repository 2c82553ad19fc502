// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// How long a watch is open: until the client goes, its time is over, its credential stops being valid, its role is
/// taken away, or the server ends.
struct WatchLife: Sendable {
    let api: API
    let options: ListOptions
    let caller: Caller
    /// What must stay allowed.
    let wish: AccessRequest

    /// Whichever ends first ends all of them; that is what `observe` is told. The body says why it ended by itself.
    func run(_ observe: WatchObserver, _ body: @escaping @Sendable () async -> WatchEnding) async {
        observe(.opened)
        let ending = await withTaskGroup(of: WatchEnding.self) { group in
            group.addTask(operation: body)
            group.addTask {
                await api.end.wait()
                return .shutdown
            }
            group.addTask {
                await api.access.untilForbidden(caller, wish)
                return .forbidden
            }
            group.addTask {
                do { try await api.environment.sleep(duration) } catch { return .clientGone }
                return .timeOver
            }
            let first = await group.next() ?? .clientGone
            // Read before the others are ended: a client that goes cancels them all, and any of them is first.
            let isCancelled = Task.isCancelled
            group.cancelAll()
            return isCancelled ? .clientGone : first
        }
        observe(.ended(ending))
    }

    private var duration: Duration {
        let most = api.limits.watchTimeout
        return options.timeoutSeconds.map { min(.seconds($0), most) } ?? most
    }
}

/// One open watch on resources.
struct Watch: Sendable {
    let api: API
    let target: ResourceTarget
    let kind: ResourceKind
    let options: ListOptions
    let frames: WatchFrames
    let start: WatchStart
    let caller: Caller

    func run(_ sink: any AnswerSink) async {
        let wish = API.access("watch", target, options)
        let observe: WatchObserver = { api.watching(target.resource.plural, $0) }
        await WatchLife(api: api, options: options, caller: caller, wish: wish).run(observe) {
            await send(to: sink, observe)
        }
    }

    private func send(to sink: any AnswerSink, _ observe: WatchObserver) async -> WatchEnding {
        do {
            for document in start.initial {
                try await sink.write(try frames.event("ADDED", document))
                observe(.sent)
            }
            if options.sendsInitialEvents, options.wantsBookmarks {
                try await sink.write(try frames.bookmark(start.version, kind, endsInitialEvents: true))
            }
            try await follow(sink, observe)
            return .clientGone
        } catch let error as StoreError {
            await finish(sink, StatusError(error, target.resource, nil))
            return error.code == .expired ? .expired : .failed
        } catch let error as StatusError {
            await finish(sink, error)
            return .failed
        } catch {
            return .clientGone
        }
    }

    private func finish(_ sink: any AnswerSink, _ error: StatusError) async {
        do { try await sink.write(frames.failure(error)) } catch {}  // The client has gone; there is nobody to tell.
    }

    private func follow(_ sink: any AnswerSink, _ observe: WatchObserver) async throws {
        let events = api.resources.store.watchDocuments(
            kind, namespace: target.namespace, after: start.version,
            bookmarks: options.wantsBookmarks ? api.limits.bookmarkInterval : nil)
        var selection = WatchSelection(options, matching: start.matching, trees: api.trees)
        for try await event in events {
            switch event {
            case .bookmark(let version):
                if options.wantsBookmarks {
                    try await sink.write(try frames.bookmark(version, kind, endsInitialEvents: false))
                }
            case .change(let change, let document):
                guard let type = try selection.type(of: change, document) else { continue }
                try await sink.write(try frames.event(type, document))
                observe(.sent)
            }
        }
    }
}

/// Which events a watch with selectors sends: a resource that begins to match is added, one that ceases to is deleted.
struct WatchSelection {
    private let labels: LabelSelector
    private let fields: FieldSelector
    private let isEverything: Bool
    private let canChange: Bool
    private let trees: DocumentTrees
    private var matching: Set<ResourceKey>

    init(_ options: ListOptions, matching: Set<ResourceKey>, trees: DocumentTrees) {
        self.trees = trees
        labels = options.labels
        fields = options.fields
        isEverything = labels.requirements.isEmpty && fields.requirements.isEmpty
        canChange = !(labels.requirements.isEmpty && fields.isFixed)
        self.matching = matching
    }

    /// `ADDED`, `MODIFIED` or `DELETED`; nil when the event is none for this watch.
    mutating func type(of change: ResourceChange.Kind, _ document: StoredDocument) throws(StatusError) -> String? {
        let plain = change == .added ? "ADDED" : change == .modified ? "MODIFIED" : "DELETED"
        if isEverything { return plain }
        let matches = try matches(document)
        if !canChange { return matches ? plain : nil }
        let did = matching.contains(document.key)
        if change == .deleted {
            matching.remove(document.key)
            return did || matches ? plain : nil
        }
        if matches {
            matching.insert(document.key)
            return did ? plain : "ADDED"
        }
        matching.remove(document.key)
        return did ? "DELETED" : nil
    }

    private func matches(_ document: StoredDocument) throws(StatusError) -> Bool {
        let tree = try trees.tree(of: document)
        var found: [String: String] = [:]
        for entry in tree.at(["metadata", "labels"])?.entries ?? [] { found[entry.key] = entry.value.text }
        return labels.matches(found) && fields.matches(tree)
    }
}
