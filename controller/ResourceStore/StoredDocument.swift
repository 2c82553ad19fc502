// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// A resource of any kind as the JSON that the API serves, so that nobody decodes it to encode it again.
package struct StoredDocument: Sendable, Equatable {
    package var key: ResourceKey
    package var uid: String
    package var resourceVersion: String
    /// The whole object, `resourceVersion` and `generation` included. Shared, not copied, between those who hold it.
    package var json: [UInt8]

    package init(key: ResourceKey, uid: String, resourceVersion: String, json: [UInt8]) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.json = json
    }
}

/// What a watcher of documents is given.
package enum DocumentEvent: Sendable, Equatable {
    /// The object as of this change; for a deletion its last state, with the version of the deletion.
    case change(ResourceChange.Kind, StoredDocument)
    /// Nothing that this watcher wants lies between its last event and this version.
    case bookmark(resourceVersion: String)
}

/// Which documents a list gives.
package struct DocumentQuery: Sendable, Equatable {
    package var kind: ResourceKind
    /// Nil for all of them.
    package var namespace: String?
    package var labels: [LabelRequirement]
    package var fields: [FieldRequirement]
    /// The most documents of one page; nil for all.
    package var limit: Int?
    /// What the page before gave as `continuation`.
    package var continuation: String?
    /// Lists what there was at this version of the store, as long as that is known. Nil: now, or the page before's.
    package var version: String?

    package init(
        kind: ResourceKind, namespace: String? = nil, labels: [LabelRequirement] = [],
        fields: [FieldRequirement] = [], limit: Int? = nil, continuation: String? = nil
    ) {
        self.kind = kind
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
        self.limit = limit
        self.continuation = continuation
    }
}

/// One requirement of a label selector, as in Kubernetes: `notIn` holds for what has no such label.
package struct LabelRequirement: Sendable, Equatable {
    package enum Condition: Sendable, Equatable {
        case isIn([String]), notIn([String]), exists, isAbsent
    }

    package var label: String
    package var condition: Condition

    package init(_ label: String, _ condition: Condition) {
        self.label = label
        self.condition = condition
    }
}

/// One requirement of a field selector. A field that is not there counts as empty.
package struct FieldRequirement: Sendable, Equatable {
    /// `metadata.name`, `status.phase`: one of `selectable`.
    package var path: String
    package var value: String
    /// False for `!=`.
    package var isEqual: Bool

    package init(_ path: String, isEqual: Bool = true, to value: String) {
        self.path = path
        self.value = value
        self.isEqual = isEqual
    }

    /// The fields by which documents of a kind may be selected; all are texts.
    package static func selectable(_ kind: ResourceKind) -> [String] {
        let all = ["metadata.name", "metadata.namespace"]
        return switch kind {
        case .run: all + ["spec.experiment", "status.phase", "status.undo", "status.verdict"]
        case .injection: all + ["spec.host", "spec.run", "spec.target.id", "status.state"]
        default: all
        }
    }
}

/// One page of a list. Every page of one list is of the same `resourceVersion`.
package struct DocumentPage: Sendable, Equatable {
    /// By namespace and name.
    package var items: [StoredDocument]
    package var resourceVersion: String
    /// Gives the next page; nil when this is the last.
    package var continuation: String?

    package init(items: [StoredDocument], resourceVersion: String, continuation: String?) {
        self.items = items
        self.resourceVersion = resourceVersion
        self.continuation = continuation
    }
}

/// Resources as documents, for those who serve them.
package protocol DocumentStore: Sendable {
    /// Nil when there is none.
    func getDocument(_ key: ResourceKey) async throws(StoreError) -> StoredDocument?
    /// Throws `.invalid` for a field that cannot be selected by or a continuation that is none, and `.expired` when the
    /// pages before are too old to be gone on from: begin the list again.
    func listDocuments(_ query: DocumentQuery) async throws(StoreError) -> DocumentPage
    /// Changes after `version` in order, then new ones as they happen, until the task is cancelled. With `bookmarks`
    /// there is an event at least that often, whatever happens. Ends with `StoreError` `.expired` when the store no
    /// longer knows the changes after `version`, or when the watcher is so slow that it comes to that.
    func watchDocuments(
        _ kind: ResourceKind, namespace: String?, after version: String, bookmarks: Duration?
    ) -> AsyncThrowingStream<DocumentEvent, any Error>
}
