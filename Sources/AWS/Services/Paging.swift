// SPDX-License-Identifier: Apache-2.0

/// How a call's answer looks: where its list stands, where the token of the next page.
struct ReplyShape {
    var root: StaticString
    /// From below the root to the element that holds the list; it must be there, also when the list is empty.
    var list: [StaticString]
    /// From below that element to one item.
    var item: [StaticString] = ["member"]
    /// Elements nobody here reads, skipped with all they hold.
    var ignoring: [StaticString] = []
    /// The element with the next page's token, beside the list; nil for a call without pages.
    var token: StaticString?
    /// The parameter that takes the token.
    var tokenParameter = "NextToken"

    var items: XMLItems { XMLItems(path: list + item, ignoring: ignoring) }
}

/// What one page held.
struct Page<Item> {
    var items: [Item]
    var nextToken: String?
}

extension AWSReply {
    /// Reads one page of `call`'s answer.
    func page<Item: XMLDecodable>(
        of call: AWSCall, _ shape: ReplyShape, _ type: Item.Type = Item.self
    ) throws(AWSError) -> Page<Item> {
        var items: [Item] = []
        do throws(XMLFault) {
            let root = try XMLReader.read(body, root: shape.root, items: shape.items) { (element) throws(XMLFault) in
                items.append(try Item(xml: element))
            }
            var holder = root
            for name in shape.list.dropLast() { holder = try holder.requiredChild(name) }
            if let last = shape.list.last { _ = try holder.requiredChild(last) }
            return Page(items: items, nextToken: shape.token.flatMap { holder.text($0) })
        } catch {
            throw .malformed(call, error, requestID: requestID, status: status)
        }
    }

    /// Reads an answer that is one value: the root, or the element at `path` below it, which must be there.
    func value<Value: XMLDecodable>(
        of call: AWSCall, root: StaticString, at path: [StaticString] = [], _ type: Value.Type = Value.self
    ) throws(AWSError) -> Value {
        do throws(XMLFault) {
            var element = try XMLReader.read(body, root: root)
            for name in path { element = try element.requiredChild(name) }
            return try Value(xml: element)
        } catch {
            throw .malformed(call, error, requestID: requestID, status: status)
        }
    }

    /// Makes sure that the answer is this call's; what it says beyond that does not matter.
    func confirm(_ call: AWSCall, root: StaticString) throws(AWSError) {
        let _: Confirmation = try value(of: call, root: root)
    }
}

/// The root was the right one.
private struct Confirmation: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {}
}

extension AWSClient {
    /// More pages than this is a service that does not come to an end.
    private static let mostPages = 100_000

    /// Follows every token and returns the whole list, or throws: there are no partial lists.
    ///
    /// A token that was seen before would go round for ever and is `.malformedReply`. `enough` may end the listing
    /// early for a caller who knows that the rest does not matter to it. The cost is one call a page, in turn.
    func everyPage<Item: XMLDecodable>(
        of first: AWSCall, _ shape: ReplyShape, until enough: ([Item]) -> Bool = { _ in false }
    ) async throws(AWSError) -> [Item] {
        var all: [Item] = []
        try await eachPage(of: first, shape) { (page: [Item]) throws(AWSError) in
            all.append(contentsOf: page)
            return enough(page)
        }
        return all
    }

    /// Follows every token, giving each page to `receive` until that returns true.
    func eachPage<Item: XMLDecodable>(
        of first: AWSCall, _ shape: ReplyShape, receive: ([Item]) throws(AWSError) -> Bool
    ) async throws(AWSError) {
        try await eachPage(of: first, tokenParameter: shape.tokenParameter) { (call, reply) throws(AWSError) in
            let page: Page<Item> = try reply.page(of: call, shape)
            return try receive(page.items) ? nil : page.nextToken
        }
    }

    /// Follows every token; `read` takes a page's answer in and returns the next one's token, nil to end.
    func eachPage(
        of first: AWSCall, tokenParameter: String, read: (AWSCall, AWSReply) throws(AWSError) -> String?
    ) async throws(AWSError) {
        var call = first
        var seen: Set<String> = []
        while true {
            let reply = try await self.call(call)
            guard let token = try read(call, reply) else { return }
            guard seen.insert(token).inserted, seen.count < Self.mostPages else {
                let problem = "came twice, so the list has no end: \(token.prefix(80))"
                let fault = XMLFault(path: "\(call.action)Response.\(tokenParameter)", problem: problem)
                throw .malformed(call, fault, requestID: reply.requestID, status: reply.status)
            }
            call = first.continued(tokenParameter, token)
        }
    }
}

extension AWSCall {
    fileprivate func continued(_ parameter: String, _ token: String) -> AWSCall {
        guard case .form(let parameters) = payload else { return self }
        var next = self
        next.payload = .form(parameters + [(parameter, token)])
        return next
    }
}

extension Array {
    /// The array in pieces of at most `size`, for calls that take no more names at once.
    func pieces(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
