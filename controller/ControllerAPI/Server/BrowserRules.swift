// SPDX-License-Identifier: Apache-2.0

/// Keeps web pages of others away: a page may make a browser send a request here, with a client certificate that the
/// browser holds.
struct BrowserRules: Sendable {
    /// Lower case, without ports.
    let hosts: Set<String>

    init(allowedHosts: [String]) { hosts = Set(allowedHosts.map { $0.lowercased() } + ["localhost"]) }

    /// Throws 403 for a name that is not ours, and for a request that a page of another origin made.
    func check(authority: String?, origin: String?, fetchSite: String?) throws(StatusError) {
        guard let authority, let host = Self.host(of: authority), isOurs(host) else {
            throw .forbidden(
                "this server is not \(Quoted.text(authority ?? "")): call it by its address or a configured name")
        }
        if let fetchSite, !["same-origin", "none"].contains(fetchSite) {
            throw .forbidden("requests from pages of other sites are refused")
        }
        guard let origin else { return }
        let parts = origin.lowercased().split(separator: "/", omittingEmptySubsequences: false)
        let isSame = parts.count == 3 && parts[0] == "https:" && parts[2] == authority.lowercased()
        guard isSame else { throw .forbidden("requests from pages of \(Quoted.text(origin)) are refused") }
    }

    /// An address cannot be rebound: only names can.
    private func isOurs(_ host: String) -> Bool {
        hosts.contains(host) || host.hasPrefix("[") || Self.isIPv4(host)
    }

    /// Without the port, in lower case; nil when there is none.
    static func host(of authority: String) -> String? {
        let text = authority.lowercased()
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            return String(text[...close])
        }
        let host = text.prefix { $0 != ":" }
        return host.isEmpty ? nil : String(host)
    }

    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
