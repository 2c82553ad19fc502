// SPDX-License-Identifier: Apache-2.0

/// A reply that is not what AWS documents: which element, and what is wrong with it.
struct XMLFault: Error, Sendable, Equatable {
    /// Element names from the root down with dots between, `DescribeInstancesResponse.reservationSet`.
    var path: String
    /// What is wrong there, without the path.
    var problem: String
}

/// A value that is read from one element and what is in it.
protocol XMLDecodable {
    init(xml: XMLElement) throws(XMLFault)
}

/// An element of a reply while it is being decoded. It is valid only inside the closure or initialiser that got it:
/// the store behind it is used again for the next item.
struct XMLElement {
    let reader: XMLReader
    let index: Int32

    /// `a.b.c` from the root down.
    var path: String { reader.tree.path(of: index) }

    /// The first element of that name directly inside.
    func child(_ name: StaticString) -> XMLElement? {
        var next = reader.tree.nodes[Int(index)].firstChild
        while next >= 0 {
            if reader.tree.name(of: next, equals: name) { return XMLElement(reader: reader, index: next) }
            next = reader.tree.nodes[Int(next)].nextSibling
        }
        return nil
    }

    /// The element at the end of a path of names, each inside the one before.
    func descend(_ names: StaticString...) -> XMLElement? {
        var current: XMLElement? = self
        for name in names { current = current?.child(name) }
        return current
    }

    /// All elements of that name directly inside, in order.
    func children(_ name: StaticString) -> [XMLElement] {
        var found: [XMLElement] = []
        var next = reader.tree.nodes[Int(index)].firstChild
        while next >= 0 {
            if reader.tree.name(of: next, equals: name) { found.append(XMLElement(reader: reader, index: next)) }
            next = reader.tree.nodes[Int(next)].nextSibling
        }
        return found
    }

    /// What stands in this element; empty where it is empty or holds elements.
    var text: String { reader.tree.string(reader.tree.nodes[Int(index)].text) }

    /// The text of the element of that name; nil where it is missing or empty (AWS writes absent values both ways).
    func text(_ name: StaticString) -> String? {
        guard let child = child(name), !reader.tree.nodes[Int(child.index)].text.isEmpty else { return nil }
        return child.text
    }

    /// A fault at the element of that name inside this one.
    func fault(_ name: StaticString, _ problem: String) -> XMLFault {
        XMLFault(path: "\(path).\(name)", problem: problem)
    }
}

extension XMLElement {
    /// The text of an element that must be there and must not be empty.
    func required(_ name: StaticString) throws(XMLFault) -> String {
        guard let child = child(name) else { throw fault(name, "is missing") }
        guard !reader.tree.nodes[Int(child.index)].text.isEmpty else { throw fault(name, "is empty") }
        return child.text
    }

    /// An element that must be there, whatever it holds.
    func requiredChild(_ name: StaticString) throws(XMLFault) -> XMLElement {
        guard let child = child(name) else { throw fault(name, "is missing") }
        return child
    }

    /// A value read from the text where there is one; a text that cannot be read is a fault, never nil.
    private func value<Value>(
        _ name: StaticString, as kind: String, _ read: (String) -> Value?
    ) throws(XMLFault) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = read(text) else { throw fault(name, "is not \(kind): \(text.prefix(80).debugDescription)") }
        return value
    }

    func int(_ name: StaticString) throws(XMLFault) -> Int? { try value(name, as: "a whole number") { Int($0) } }

    func double(_ name: StaticString) throws(XMLFault) -> Double? { try value(name, as: "a number") { Double($0) } }

    func bool(_ name: StaticString) throws(XMLFault) -> Bool? { try value(name, as: "true or false", Self.truth) }

    func time(_ name: StaticString) throws(XMLFault) -> AWSInstant? {
        try value(name, as: "an ISO 8601 time") { AWSInstant(iso8601: $0) }
    }

    func requiredInt(_ name: StaticString) throws(XMLFault) -> Int { try must(name, try int(name)) }

    func requiredDouble(_ name: StaticString) throws(XMLFault) -> Double { try must(name, try double(name)) }

    func requiredTime(_ name: StaticString) throws(XMLFault) -> AWSInstant { try must(name, try time(name)) }

    func requiredBool(_ name: StaticString) throws(XMLFault) -> Bool { try must(name, try bool(name)) }

    func named<Value: AWSNamedValue>(_ name: StaticString) -> Value? { text(name).map { Value(awsName: $0) } }

    func requiredNamed<Value: AWSNamedValue>(_ name: StaticString) throws(XMLFault) -> Value {
        Value(awsName: try required(name))
    }

    func identifier<Value: AWSIdentifier>(_ name: StaticString) -> Value? { text(name).map { Value($0) } }

    func requiredIdentifier<Value: AWSIdentifier>(_ name: StaticString) throws(XMLFault) -> Value {
        Value(try required(name))
    }

    private func must<Value>(_ name: StaticString, _ value: Value?) throws(XMLFault) -> Value {
        guard let value else { throw fault(name, child(name) == nil ? "is missing" : "is empty") }
        return value
    }

    /// AWS and what copies it write both cases.
    private static func truth(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// The values of a list: `<name><member>…</member>…</name>`; a missing list is empty.
    func list<Value: XMLDecodable>(
        _ name: StaticString, of item: StaticString = "member", _ type: Value.Type = Value.self
    ) throws(XMLFault) -> [Value] {
        var values: [Value] = []
        for element in child(name)?.children(item) ?? [] { values.append(try Value(xml: element)) }
        return values
    }

    /// The texts of a list of bare values; a missing list is empty.
    func texts(_ name: StaticString, of item: StaticString = "member") -> [String] {
        child(name)?.children(item).map(\.text) ?? []
    }
}

extension XMLElement {
    /// The text of the first element of that name at any depth that holds text and no elements and whose end was read;
    /// with a parent, only of one directly inside an element of that name. For errors, whose field names occur once.
    func firstText(_ name: StaticString, in parent: StaticString? = nil) -> String? {
        let tree = reader.tree
        for (number, node) in tree.nodes.enumerated() where !node.holdsElements && !node.text.isEmpty {
            guard Int32(number) != reader.open, tree.name(of: Int32(number), equals: name) else { continue }
            guard let parent else { return tree.string(node.text) }
            if node.parent >= 0, tree.name(of: node.parent, equals: parent) { return tree.string(node.text) }
        }
        return nil
    }
}
