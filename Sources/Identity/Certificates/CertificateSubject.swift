// SPDX-License-Identifier: Apache-2.0

/// Who a client certificate is for: CN is the name, each O a group.
package struct CertificateSubject: Sendable, Equatable {
    package let name: String
    package let groups: [String]

    /// The most that X.520 lets either be long (ub-common-name, ub-organization-name; RFC 5280, appendix A.1).
    static let longest = 64
    static let mostGroups = 32

    /// Throws `.badName` for an empty or long name, and for characters that a log or a terminal could be fooled with.
    package init(name: String, groups: [String]) throws(IdentityError) {
        guard groups.count <= Self.mostGroups else {
            throw IdentityError(
                .badName, "\(groups.count) groups are too many for one certificate.",
                hint: "Name at most \(Self.mostGroups) groups.")
        }
        for text in [name] + groups where !Self.isSafe(text) {
            throw IdentityError(
                .badName, "\"\(text.prefix(80).filter { $0 >= " " && $0 <= "~" })\" cannot stand in a certificate.",
                hint: "Use 1 to \(Self.longest) printable ASCII characters without a space at either end.")
        }
        self.name = name
        self.groups = groups
    }

    static func isSafe(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...longest).contains(bytes.count) && bytes.allSatisfy { (0x20...0x7E).contains($0) }
            && bytes.first != 0x20 && bytes.last != 0x20
    }
}

/// A name that a server certificate is good for.
package enum ServerName: Sendable, Hashable, CustomStringConvertible {
    case dns(String)
    /// In the spelling of inet_ntop(3).
    case address(String)

    /// A host name (a first label of `*` is allowed) or an IP address. Throws `.badName`.
    package init(_ text: String) throws(IdentityError) {
        if let address = IPAddressText.canonical(text) {
            self = .address(address)
        } else if Self.isHostName(text) {
            self = .dns(text.lowercased())
        } else {
            throw IdentityError(
                .badName, "\"\(text.prefix(80).filter { $0 >= " " && $0 <= "~" })\" is no host name and no IP address.",
                hint: "Give names such as rebound.example.com, or addresses such as 10.0.0.5 and fd00::5.")
        }
    }

    package var description: String {
        switch self {
        case .dns(let name), .address(let name): name
        }
    }

    /// Letters, digits and inner hyphens in labels of 1 to 63 (RFC 1123, section 2.1), 253 in all. The last label is
    /// not of digits only, so that a mistyped address is no name.
    private static func isHostName(_ text: String) -> Bool {
        var labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, let last = labels.last, !last.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return false
        }
        if labels.count > 2, labels[0] == "*" { labels.removeFirst() }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { $0 == 45 || isAlphanumeric($0) }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
