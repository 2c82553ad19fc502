// SPDX-License-Identifier: Apache-2.0

/// Where a service answers: scheme, host with port, and a path that goes before every request's own.
package struct AWSEndpoint: Sendable, Hashable {
    package var scheme: String
    /// The host, with `:port` when one was given; as it goes into the Host header.
    package var authority: String
    /// Empty, or begins with a slash and does not end with one.
    package var basePath: String

    package init(scheme: String, authority: String, basePath: String) {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
    }

    /// Reads `http(s)://host[:port][/path]`. Nil for anything else, a query, a fragment and user information included.
    package init?(url: String) {
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://"),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        let scheme = url[..<colon].lowercased()
        let rest = url[colon...].dropFirst(3)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<end]
        guard scheme == "http" || scheme == "https", Self.isAuthority(authority),
            !rest.contains(where: { "?#\\\"<>".contains($0) })
        else { return nil }
        var path = rest[end...]
        while path.hasSuffix("/") { path = path.dropLast() }
        self.init(scheme: scheme, authority: Self.withoutDefaultPort(authority, scheme), basePath: String(path))
    }

    package var url: String { "\(scheme)://\(authority)\(basePath)" }

    /// The host without its port; an IPv6 address without its brackets.
    package var host: String { String(Self.split(authority[...]).host) }

    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
            let after = authority[authority.index(after: close)...]
            return (
                authority[authority.index(after: authority.startIndex)..<close], after.isEmpty ? nil : after.dropFirst()
            )
        }
        guard let colon = authority.lastIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func isAuthority(_ authority: Substring) -> Bool {
        let (host, port) = split(authority)
        let isBracketed = authority.hasPrefix("[")
        let isHost = host.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                || (isBracketed && byte == UInt8(ascii: ":"))
        }
        return !host.isEmpty && isHost && (port.map { UInt16($0).map { $0 > 0 } ?? false } ?? true)
    }

    /// HTTP clients leave the scheme's own port out of Host, and the signature covers Host.
    private static func withoutDefaultPort(_ authority: Substring, _ scheme: String) -> String {
        let own = scheme == "https" ? ":443" : ":80"
        return (authority.hasSuffix(own) ? authority.dropLast(own.count) : authority).lowercased()
    }
}
