// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
internal import FoundationEssentials

/// One word of a watch.
package enum WatchEvent<R: Resource>: Sendable {
    case added(R)
    case modified(R)
    /// The last state.
    case deleted(R)
    /// Nothing changed up to this version. `endsInitialEvents` marks the end of what was there at the beginning.
    case bookmark(resourceVersion: String, endsInitialEvents: Bool)

    /// The version that has been seen with this event.
    package var resourceVersion: String? {
        switch self {
        case .added(let resource), .modified(let resource), .deleted(let resource): resource.metadata.resourceVersion
        case .bookmark(let version, _): version
        }
    }
}

/// The changes of a kind as they happen. Ends when the server ends it; then watch again from the last version.
package struct ResourceWatch<R: Resource>: AsyncSequence, Sendable {
    package typealias Element = WatchEvent<R>
    package typealias Failure = ClientError

    let lines: LineStream

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(lines: lines.makeAsyncIterator()) }

    /// Throws `.expired` when the server no longer knows the version (list again), `.undecodable` for an event that
    /// cannot be read, and what a `LineStream` throws.
    package struct AsyncIterator: AsyncIteratorProtocol {
        private var lines: LineStream.AsyncIterator

        init(lines: LineStream.AsyncIterator) { self.lines = lines }

        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws(ClientError)
            -> WatchEvent<R>?
        {
            guard let line = try await lines.next() else { return nil }
            return try ResourceWatch.event(in: line)
        }
    }

    /// What a line says. Throws as the iterator does.
    static func event(in line: [UInt8]) throws(ClientError) -> WatchEvent<R> {
        let document: WatchDocument<R>
        do {
            document = try JSONDecoder().decode(WatchDocument<R>.self, from: Data(line))
        } catch {
            throw ClientError(
                .undecodable,
                "an event of the watch on \(R.kind.plural) cannot be read: \(DecodingWords.of(error))",
                hint: "Check that the server is a Rebound controller of this version.", cause: error)
        }
        switch document {
        case .event(let event): return event
        case .failure(let status):
            throw ClientError(status: status.code ?? 500, status, request: "watch on \(R.kind.plural)")
        }
    }
}

/// One line: an event, or the `Status` that ends the watch.
private enum WatchDocument<R: Resource>: Decodable {
    case event(WatchEvent<R>)
    case failure(StatusDocument)

    private enum CodingKeys: String, CodingKey { case type, object }

    private struct Bookmark: Decodable {
        struct Metadata: Decodable {
            var resourceVersion: String
            var annotations: [String: String]?
        }
        var metadata: Metadata
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "ADDED": self = .event(.added(try container.decode(R.self, forKey: .object)))
        case "MODIFIED": self = .event(.modified(try container.decode(R.self, forKey: .object)))
        case "DELETED": self = .event(.deleted(try container.decode(R.self, forKey: .object)))
        case "BOOKMARK":
            let metadata = try container.decode(Bookmark.self, forKey: .object).metadata
            let ends = metadata.annotations?["k8s.io/initial-events-end"] == "true"
            self = .event(.bookmark(resourceVersion: metadata.resourceVersion, endsInitialEvents: ends))
        case "ERROR": self = .failure(try container.decode(StatusDocument.self, forKey: .object))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "\(other) is no type of event")
        }
    }
}

extension ResourceClient {
    /// The changes after `version`, with bookmarks. The server ends the watch after `lifetime`. Throws `.expired` when
    /// it no longer knows the changes after that version.
    package func watch<R: Resource>(
        _ type: R.Type, namespace: String?, selection: ListSelection, after version: String, lifetime: Duration
    ) async throws(ClientError) -> ResourceWatch<R> {
        let path = ResourcePath(R.kind, namespace: namespace)
            .with("watch", "true").with("allowWatchBookmarks", "true").with("resourceVersion", version)
            .with("labelSelector", selection.labelSelector).with("fieldSelector", selection.fieldSelector)
            .with("timeoutSeconds", "\(max(1, lifetime.components.seconds))")
        return ResourceWatch(lines: try await lines(path, silence: connection.watchSilence))
    }
}
