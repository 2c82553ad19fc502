// SPDX-License-Identifier: Apache-2.0
package import HTTPTransport

/// The parts of a request that a signature covers.
package struct SignableRequest: Sendable {
    package var method: String
    /// As it goes over the wire, from the first slash.
    package var path: String
    /// Names and values, not encoded.
    package var query: [(name: String, value: String)]
    /// `Host` must be among them.
    package var headers: [HTTPHeader]
    package var body: [UInt8]

    package init(
        method: String, path: String, query: [(name: String, value: String)], headers: [HTTPHeader], body: [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

extension SignableRequest {
    /// Set, changed or stripped on the way by clients and proxies, so never part of a signature.
    private static let unsignedHeaders: Set<String> = [
        "authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
    ]

    /// Lower-case names with their values joined, sorted by name.
    func canonicalHeaders() -> [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for header in headers {
            let name = header.name.lowercased()
            guard !Self.unsignedHeaders.contains(name) else { continue }
            values[name, default: []].append(Self.folded(header.value))
        }
        return values.map { (name: $0.key, value: $0.value.joined(separator: ",")) }
            .sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    /// Without white space at the ends, and each run inside as one space.
    private static func folded(_ value: String) -> String {
        let parts = value.utf8.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        return parts.map { String(Substring($0)) }.joined(separator: " ")
    }

    /// Encoded first, then sorted by name and value, byte by byte.
    func canonicalQuery() -> String {
        let encoded = query.map {
            (name: Array(PercentEncoding.encode($0.name).utf8), value: Array(PercentEncoding.encode($0.value).utf8))
        }
        let sorted = encoded.sorted {
            $0.name == $1.name
                ? $0.value.lexicographicallyPrecedes($1.value) : $0.name.lexicographicallyPrecedes($1.name)
        }
        return sorted.map { String(decoding: $0.name + [UInt8(ascii: "=")] + $0.value, as: UTF8.self) }
            .joined(separator: "&")
    }

    func canonicalPath(_ options: SigV4Signer.Options) -> String {
        let path = options.normalizesPath ? Self.normalized(path) : path
        return options.encodesPath ? PercentEncoding.encode(path, keepingSlashes: true) : path
    }

    /// Removes `.`, `..` and empty segments (after RFC 3986, section 5.2.4), keeping a slash at the end.
    private static func normalized(_ path: String) -> String {
        var kept: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." {
                _ = kept.popLast()
            } else {
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + (path.hasSuffix("/") && !kept.isEmpty ? "/" : "")
    }
}
