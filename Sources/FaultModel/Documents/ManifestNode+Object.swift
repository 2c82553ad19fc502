// SPDX-License-Identifier: Apache-2.0

extension ManifestNode {
    /// A mapping in the order given.
    package static func object(_ entries: [(String, Content)]) -> Self {
        ManifestNode(.mapping(entries.map { Entry(key: $0.0, value: ManifestNode($0.1)) }))
    }
}
