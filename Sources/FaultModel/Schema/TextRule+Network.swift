// SPDX-License-Identifier: Apache-2.0

extension TextRule {
    /// An http or https URL with a host, without user, password or fragment (RFC 3986).
    package static let url = TextRule(
        "an http or https URL with a host, without user, password, spaces or fragment",
        pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#@\\u0000-\\u001f\\u007f]+([/?][^\\s#\\u0000-\\u001f\\u007f]*)?$",
        maximumLength: 2_048
    ) { text in
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let clean = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}#".utf8.contains($0) }
        return clean && !authority.contains("@") && isAuthority(authority) && hasGoodEscapes(text)
    }

    private static func isAuthority(_ text: Substring) -> Bool {
        var host = text
        if text.hasPrefix("["), let close = text.lastIndex(of: "]") {
            host = text[...close]
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
        }
        let port = text[host.endIndex...]
        let hasGoodPort = port.isEmpty || port.first == ":" && isPort(port.dropFirst())
        return hasGoodPort && isHost(host)
    }

    private static func isPort(_ text: Substring) -> Bool {
        TextBytes.all(text, "", TextBytes.isDigit) && text.first != "0"
            && Int(text).map { (1...65_535).contains($0) } == true
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("[") {
            guard text.hasSuffix("]") else { return false }
            return isIPv6(text.dropFirst().dropLast())
        }
        return isHostName(text)
    }

    /// Names of RFC 1123 with underscores as DNS allows them, and dotted IPv4 addresses.
    private static func isHostName(_ text: Substring) -> Bool {
        let labels = text.hasSuffix(".") ? text.dropLast() : text
        guard !labels.isEmpty, labels.utf8.count <= 253 else { return false }
        let parts = labels.split(separator: ".", omittingEmptySubsequences: false)
        let isNumeric = parts.last.map { TextBytes.all($0, "", TextBytes.isDigit) } == true
        if isNumeric { return isIPv4(labels) }
        return parts.allSatisfy { part in
            (1...63).contains(part.utf8.count) && TextBytes.all(part, "-_", TextBytes.isAlphanumeric)
                && part.first != "-" && part.last != "-"
        }
    }

    package static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                let isPlain = !part.isEmpty && TextBytes.all(part, "", TextBytes.isDigit)
                return isPlain && (part.count == 1 || part.first != "0") && (Int(part) ?? 256) <= 255
            }
    }

    /// RFC 4291 section 2.2, without zones.
    package static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.split(separator: ":", omittingEmptySubsequences: false).map { $0 }
        let isCompressed = text.contains("::")
        guard text.utf8.count >= 2, !text.contains(":::"), halves.count >= 3 else { return false }
        if isCompressed, text.ranges(of: "::").count > 1 { return false }
        if text.hasPrefix(":") && !text.hasPrefix("::") || text.hasSuffix(":") && !text.hasSuffix("::") { return false }
        var groups = halves.filter { !$0.isEmpty }
        var count = groups.count
        if let last = groups.last, last.contains(".") {
            guard isIPv4(last) else { return false }
            groups.removeLast()
            count += 1
        }
        let isHex = groups.allSatisfy { group in
            group.utf8.count <= 4 && group.utf8.allSatisfy { TextBytes.isDigit($0) || (97...102).contains($0 | 0x20) }
        }
        return isHex && (isCompressed ? count < 8 : count == 8)
    }

    private static func hasGoodEscapes(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.allSatisfy { index in
            guard bytes[index] == UInt8(ascii: "%") else { return true }
            let digits = bytes[(index + 1)...].prefix(2)
            return digits.count == 2 && digits.allSatisfy { TextBytes.isDigit($0) || (97...102).contains($0 | 0x20) }
        }
    }

    package static let host = TextRule(
        "a host name or an IP address", pattern: "^[A-Za-z0-9_.:-]+$", maximumLength: 253
    ) { isHostName(Substring($0)) || isIPv6(Substring($0)) }

    package static let address = TextRule(
        "an IP address such as 10.0.0.1 or 2001:db8::1", pattern: "^[0-9A-Fa-f.:]+$", maximumLength: 45
    ) { isIPv4(Substring($0)) || isIPv6(Substring($0)) }

    package static let nameServer = TextRule(
        "an IP address, or address:port, or [IPv6]:port", pattern: "^[0-9A-Fa-f.:\\[\\]]+$", maximumLength: 53
    ) { text in
        if isIPv4(Substring(text)) || isIPv6(Substring(text)) { return true }
        guard let colon = text.lastIndex(of: ":"), isPort(text[text.index(after: colon)...]) else { return false }
        let host = text[..<colon]
        return isIPv4(host) || host.hasPrefix("[") && isHost(host)
    }

    /// A domain name to look up (RFC 1035 section 2.3.4), not an address.
    package static let domainName = TextRule(
        "a domain name such as shop.example", pattern: "^[A-Za-z0-9_.-]+$", maximumLength: 253
    ) { isHostName(Substring($0)) && !isIPv4(Substring($0)) }

    /// RFC 9110 section 5.6.2, token.
    package static let headerName = TextRule(
        "a header name: letters, digits and dashes", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", maximumLength: 256
    ) { TextBytes.all($0, "!#$%&'*+-.^_`|~", TextBytes.isAlphanumeric) }

    /// RFC 9110 section 5.5; a line end would smuggle a second header in.
    package static let headerValue = TextRule(
        "a header value on one line", pattern: "^[^\\u0000-\\u001f\\u007f]+$", maximumLength: 8_192
    ) { TextBytes.isPrintable($0) }

    package static let method = TextRule(
        "an HTTP method in capitals such as GET", pattern: "^[A-Z]+$", maximumLength: 16
    ) { TextBytes.all($0, "", { (65...90).contains($0) }) && $0 != "CONNECT" && $0 != "TRACE" }
}
