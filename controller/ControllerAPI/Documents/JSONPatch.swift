// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// JSON Patch (RFC 6902), with JSON Pointers (RFC 6901).
struct JSONPatch {
    /// Why a patch cannot be applied.
    enum Failure: Error, Equatable {
        /// The patch itself is not one.
        case malformed(String)
        /// It is one, and does not fit this document.
        case notApplicable(String)
    }

    static let mostOperations = 10_000
    private let operations: [ManifestNode]

    init(_ document: ManifestNode) throws(Failure) {
        guard let operations = document.items else { throw .malformed("a JSON patch is a list of operations") }
        guard operations.count <= Self.mostOperations else {
            throw .malformed("a JSON patch may have \(Self.mostOperations) operations, not \(operations.count)")
        }
        self.operations = operations
    }

    /// All of the operations in order, or none.
    func applied(to document: ManifestNode) throws(Failure) -> ManifestNode {
        var result = document
        for (index, operation) in operations.enumerated() {
            do throws(Failure) { try apply(operation, to: &result) } catch {
                switch error {
                case .malformed(let why): throw .malformed("operation \(index): \(why)")
                case .notApplicable(let why): throw .notApplicable("operation \(index): \(why)")
                }
            }
        }
        return result
    }

    private func apply(_ operation: ManifestNode, to document: inout ManifestNode) throws(Failure) {
        guard let name = operation["op"]?.text else { throw .malformed("op is missing") }
        let path = try pointer(operation, "path")
        switch name {
        case "add": try Self.add(try value(operation), at: path, in: &document)
        case "remove": _ = try Self.remove(at: path, in: &document)
        case "replace":
            _ = try Self.found(at: path, in: document)
            try Self.replace(at: path, with: try value(operation), in: &document)
        case "move":
            let from = try pointer(operation, "from")
            if path.count > from.count, Array(path.prefix(from.count)) == from {
                throw .notApplicable("a value cannot be moved into itself")
            }
            try Self.add(try Self.remove(at: from, in: &document), at: path, in: &document)
        case "copy":
            try Self.add(try Self.found(at: try pointer(operation, "from"), in: document), at: path, in: &document)
        case "test":
            guard Self.isEqual(try Self.found(at: path, in: document), try value(operation)) else {
                throw .notApplicable("the test of \(Quoted.text(operation["path"]?.text ?? "")) failed")
            }
        default: throw .malformed("there is no operation \(Quoted.text(name))")
        }
    }

    private func value(_ operation: ManifestNode) throws(Failure) -> ManifestNode {
        guard let value = operation["value"] else { throw .malformed("value is missing") }
        return value
    }

    /// RFC 6901 sections 3 and 4: `~1` is a slash, `~0` a tilde.
    private func pointer(_ operation: ManifestNode, _ key: String) throws(Failure) -> [String] {
        guard let text = operation[key]?.text else { throw .malformed("\(key) is missing") }
        if text.isEmpty { return [] }
        guard text.first == "/" else { throw .malformed("\(key) must begin with a slash") }
        var keys: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            keys.append(try Self.unescaped(part))
        }
        return keys
    }

    private static func unescaped(_ part: Substring) throws(Failure) -> String {
        var out = ""
        var rest = part[...]
        while let character = rest.popFirst() {
            guard character == "~" else {
                out.append(character)
                continue
            }
            switch rest.popFirst() {
            case "0": out.append("~")
            case "1": out.append("/")
            default: throw .malformed("a tilde in a path must be ~0 or ~1")
            }
        }
        return out
    }
}

// MARK: - Places

extension JSONPatch {
    private static func found(at path: [String], in document: ManifestNode) throws(Failure) -> ManifestNode {
        var node = document
        for key in path {
            guard let inner = try child(key, of: node) else { throw missing(path) }
            node = inner
        }
        return node
    }

    private static func child(_ key: String, of node: ManifestNode) throws(Failure) -> ManifestNode? {
        if let items = node.items {
            let index = try self.index(key, upTo: items.count - 1)
            return items[index]
        }
        return node[key]
    }

    /// RFC 6901 section 4: digits without leading zeros.
    private static func index(_ key: String, upTo last: Int) throws(Failure) -> Int {
        let isPlain = !key.isEmpty && key.utf8.allSatisfy { (48...57).contains($0) } && (key == "0" || key.first != "0")
        guard isPlain, let index = Int(key), index <= last else {
            throw .notApplicable("there is no item \(Quoted.text(key)) in a list of \(last + 1)")
        }
        return index
    }

    private static func missing(_ path: [String]) -> Failure {
        .notApplicable("there is nothing at \(Quoted.text("/" + path.joined(separator: "/")))")
    }

    private static func replace(
        at path: [String], with value: ManifestNode?, in node: inout ManifestNode
    ) throws(Failure) {
        guard let key = path.first else {
            guard let value else { throw .notApplicable("the whole document cannot be removed") }
            node = value
            return
        }
        let rest = Array(path.dropFirst())
        guard var inner = try child(key, of: node) else { throw missing(path) }
        if !rest.isEmpty { try replace(at: rest, with: value, in: &inner) }
        let written = rest.isEmpty ? value : inner
        if var items = node.items {
            let index = try index(key, upTo: items.count - 1)
            if let written { items[index] = written } else { items.remove(at: index) }
            node.content = .sequence(items)
        } else {
            node.set(key, written)
        }
    }

    private static func remove(at path: [String], in document: inout ManifestNode) throws(Failure) -> ManifestNode {
        let old = try found(at: path, in: document)
        try replace(at: path, with: nil, in: &document)
        return old
    }

    /// Adds a key, or inserts into a list; `-` is the place after its last item.
    private static func add(_ value: ManifestNode, at path: [String], in document: inout ManifestNode) throws(Failure) {
        guard let key = path.last else {
            document = value
            return
        }
        let parent = Array(path.dropLast())
        var node = try found(at: parent, in: document)
        if var items = node.items {
            items.insert(value, at: key == "-" ? items.count : try index(key, upTo: items.count))
            node.content = .sequence(items)
        } else if node.isMapping {
            node.set(key, value)
        } else {
            throw .notApplicable("nothing can be added to \(node.kindOfValue)")
        }
        try replace(at: parent, with: node, in: &document)
    }

    /// RFC 6902 section 4.6: numbers by value, mappings whatever the order.
    static func isEqual(_ one: ManifestNode, _ other: ManifestNode) -> Bool {
        switch (one.content, other.content) {
        case (.mapping(let a), .mapping(let b)):
            a.count == b.count && a.allSatisfy { entry in other[entry.key].map { isEqual(entry.value, $0) } ?? false }
        case (.sequence(let a), .sequence(let b)):
            a.count == b.count && zip(a, b).allSatisfy { isEqual($0, $1) }
        case (.number(let a), .number(let b)): a == b || Double(a) == Double(b)
        default: one.content == other.content
        }
    }
}
