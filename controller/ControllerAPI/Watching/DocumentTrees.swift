// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Synchronization

/// The trees of documents that changed lately, so that many watches with selectors read each of them once. Keeps the
/// newest 256.
final class DocumentTrees: Sendable {
    private struct Place: Hashable {
        var key: ResourceKey
        var version: String
    }

    private struct State {
        var trees: [Place: ManifestNode] = [:]
        var order: [Place] = []
        var oldest = 0
    }

    private static let most = 256
    private let state = Mutex(State())

    /// Throws an internal error when what is stored is no JSON.
    func tree(of document: StoredDocument) throws(StatusError) -> ManifestNode {
        let place = Place(key: document.key, version: document.resourceVersion)
        if let known = state.withLock({ $0.trees[place] }) { return known }
        let tree = try Rendering.tree(document)
        state.withLock { state in
            guard state.trees.updateValue(tree, forKey: place) == nil else { return }
            if state.order.count < Self.most {
                state.order.append(place)
            } else {
                state.trees[state.order[state.oldest]] = nil
                state.order[state.oldest] = place
                state.oldest = (state.oldest + 1) % Self.most
            }
        }
        return tree
    }
}
