// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Logging
import ResourceStore

/// Namespaces: there is always `default`, and one that is deleted takes its content with it.
extension API {
    /// Makes the namespaces that are needed: `default`, and those that resources lie in since before there were any.
    func prepare() async throws(StoreError) {
        var names: Set<String> = [NamespaceRules.permanent]
        for kind in ResourceKind.allCases where kind.isNamespaced {
            let page = try await resources.store.listDocuments(DocumentQuery(kind: kind))
            names.formUnion(page.items.map(\.key.namespace))
        }
        for name in names.sorted() {
            let key = ResourceKey(kind: .namespace, namespace: "", name: name)
            if try await resources.store.getDocument(key) != nil { continue }
            var metadata = ObjectMetadata(name: name)
            metadata.finalizers = [NamespaceRules.finalizer]
            do throws(StoreError) {
                _ = try await resources.store.create(Namespace(metadata: metadata))
            } catch {
                if error.code != .alreadyExists { throw error }  // Another process made it.
            }
        }
    }

    /// Empties namespaces that are being deleted, until the task is cancelled.
    func cleanNamespaces() async {
        while !Task.isCancelled {
            do {
                let going = try await terminating()
                for name in going { try await empty(name) }
                // What is held by a finalizer goes when that is done, so it is looked at again.
                if going.isEmpty {
                    try await changeOfNamespaces()
                } else {
                    try await environment.sleep(.seconds(1))
                }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("namespaces cannot be cleaned", metadata: ["reason": "\(error)"])
                do { try await environment.sleep(.seconds(5)) } catch { return }
            }
        }
    }

    private func changeOfNamespaces() async throws {
        let page = try await resources.store.listDocuments(DocumentQuery(kind: .namespace))
        for document in page.items where try isGoing(document) { return }
        for try await _ in resources.store.watch(.namespace, after: page.resourceVersion) { return }
        try Task.checkCancellation()
    }

    private func isGoing(_ document: StoredDocument) throws(StatusError) -> Bool {
        try Rendering.tree(document).at(["metadata", "deletionTimestamp"]) != nil
    }

    private func terminating() async throws -> [String] {
        let page = try await resources.store.listDocuments(DocumentQuery(kind: .namespace))
        return try page.items.filter { try isGoing($0) }.map(\.key.name)
    }

    /// Deletes what is in a namespace; when nothing is left, lets the namespace go.
    private func empty(_ name: String) async throws {
        let store = resources.store
        var isEmpty = true
        for kind in ResourceKind.allCases where kind.isNamespaced {
            for document in try await store.listDocuments(DocumentQuery(kind: kind, namespace: name)).items {
                // What must be put back first stays a while, and is looked at again.
                do throws(StoreError) { try await store.delete(document.key) } catch {
                    if error.code != .notFound { throw error }
                }
            }
            let left = try await store.listDocuments(DocumentQuery(kind: kind, namespace: name, limit: 1))
            if !left.items.isEmpty { isEmpty = false }
        }
        guard isEmpty, var namespace = try await store.get(Namespace.self, namespace: "", name: name) else { return }
        namespace.metadata.finalizers?.removeAll { $0 == NamespaceRules.finalizer }
        if namespace.metadata.finalizers?.isEmpty == true { namespace.metadata.finalizers = nil }
        do throws(StoreError) { _ = try await store.update(namespace) } catch {
            if error.code != .conflict, error.code != .notFound { throw error }  // Looked at again.
        }
    }
}
