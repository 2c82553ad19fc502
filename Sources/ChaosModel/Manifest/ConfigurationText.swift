// SPDX-License-Identifier: Apache-2.0

/// YAML or JSON texts that are no manifests: files of connections. Read as strictly as manifests are, without a schema.
package enum ConfigurationText {
    /// The one tree of a text; nil for one that holds nothing. Throws every problem at once.
    package static func read(bytes: [UInt8], file: String) throws(ValidationFailure) -> ManifestNode? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationFailure(problems: [Problem(path: "", message: "the text is not UTF-8")], file: file)
        }
        let (trees, problems) = ManifestReader.trees(of: text)
        guard problems.isEmpty else { throw ValidationFailure(problems: problems, file: file) }
        guard trees.count <= 1 else {
            throw ValidationFailure(
                problems: [Problem(path: "", message: "\(trees.count) documents where one was expected")], file: file)
        }
        return trees.first
    }

    /// The tree as YAML in block style, in the order of the tree, which `read` reads back: numbers stand there without
    /// exponents, about which readers of YAML disagree.
    package static func yaml(_ tree: ManifestNode) -> String { YAMLText.text(PlainNumbers.written(tree)) }
}
