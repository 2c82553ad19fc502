// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A piece of a reply, held flat: nodes in one array, names and texts in one array of bytes. Nothing in it is a
/// `String` until a decoder asks for it, and both arrays are used again for the next piece.
///
/// Invariant: a node's children come after it, and cutting the arrays back to a mark taken before a node was added
/// removes that node and all below it and nothing else, provided its parent was not linked to it.
struct XMLTree {
    struct Node {
        var name: Range<Int32>
        var text: Range<Int32>
        var parent: Int32
        var firstChild: Int32 = -1
        var lastChild: Int32 = -1
        var nextSibling: Int32 = -1
        /// True from the first element inside; text beside elements is white space in every AWS reply and is dropped.
        var holdsElements = false
    }

    var nodes: [Node] = []
    var bytes: [UInt8] = []

    /// Adds an element below `parent` (-1: the root), reachable from it if `linked`.
    mutating func open(name: UnsafeBufferPointer<UInt8>, parent: Int32, linked: Bool) -> Int32 {
        let start = Int32(bytes.count)
        bytes.append(contentsOf: name)
        let end = Int32(bytes.count)
        let index = Int32(nodes.count)
        nodes.append(Node(name: start..<end, text: end..<end, parent: parent))
        guard parent >= 0 else { return index }
        noteElement(in: parent)
        guard linked else { return index }
        let last = nodes[Int(parent)].lastChild
        if last >= 0 { nodes[Int(last)].nextSibling = index } else { nodes[Int(parent)].firstChild = index }
        nodes[Int(parent)].lastChild = index
        return index
    }

    /// Marks that `node` holds elements, so that it has no text of its own.
    mutating func noteElement(in node: Int32) {
        guard !nodes[Int(node)].holdsElements else { return }
        nodes[Int(node)].holdsElements = true
        let start = nodes[Int(node)].text.lowerBound
        nodes[Int(node)].text = start..<start
    }

    /// Adds text to `node`, the newest open element; dropped where it stands beside elements.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>, to node: Int32) {
        guard !nodes[Int(node)].holdsElements else { return }
        bytes.append(contentsOf: text)
        nodes[Int(node)].text = nodes[Int(node)].text.lowerBound..<Int32(bytes.count)
    }

    /// Forgets everything added since the arrays had these lengths.
    mutating func cut(nodes nodeCount: Int, bytes byteCount: Int) {
        nodes.removeSubrange(nodeCount...)
        bytes.removeSubrange(byteCount...)
    }

    func name(of node: Int32, equals name: StaticString) -> Bool {
        let range = nodes[Int(node)].name
        guard range.count == name.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            return memcmp(base + Int(range.lowerBound), name.utf8Start, range.count) == 0
        }
    }

    func string(_ range: Range<Int32>) -> String {
        bytes.withUnsafeBufferPointer {
            String(decoding: $0[Int(range.lowerBound)..<Int(range.upperBound)], as: UTF8.self)
        }
    }

    /// `a.b.c` from the root down, for messages.
    func path(of node: Int32) -> String {
        var names: [String] = []
        var current = node
        while current >= 0 {
            names.append(string(nodes[Int(current)].name))
            current = nodes[Int(current)].parent
        }
        return names.reversed().joined(separator: ".")
    }
}
