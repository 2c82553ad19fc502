// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import HTTPTransport

/// How a server is reached, checked and convinced. Nothing of it comes from the environment.
package struct ServerConnection: Sendable {
    /// Who we are to the server.
    package enum Credentials: Sendable {
        case none
        case token(BearerToken)
        /// PEM texts of a certificate with its chain, and of its key.
        case certificate(chainPEM: [UInt8], keyPEM: [UInt8])
    }

    /// The server's address without a path at its end, such as `https://rebound.example:7433`.
    package var server: String
    package var credentials: Credentials
    /// PEM text of the authorities that may sign the server's certificate; nil means the system's.
    package var authoritiesPEM: [UInt8]?
    /// The name that the server's certificate must carry, where it is not the host in `server`.
    package var serverName: String?
    /// For one request and its answer.
    package var timeouts: HTTPTimeouts
    /// How long a watch may be silent. The server sends bookmarks more often than that.
    package var watchSilence: Duration

    /// Throws `.misconfigured` for an address that is none, and for a credential that would travel in the clear.
    package init(
        server: String, credentials: Credentials, timeouts: HTTPTimeouts, watchSilence: Duration
    ) throws(ClientError) {
        var address = Substring(server)
        while address.last == "/" { address.removeLast() }
        self.server = String(address)
        self.credentials = credentials
        self.timeouts = timeouts
        self.watchSilence = watchSilence
        try check()
    }

    private func check() throws(ClientError) {
        guard server.hasPrefix("https://") || server.hasPrefix("http://"), !server.contains("?"), !server.contains("#")
        else {
            throw ClientError(
                .misconfigured, "the server \(server.debugDescription) is no http or https address",
                hint: "Give an address such as https://rebound.example:7433.")
        }
        guard server.hasPrefix("http://") else { return }
        switch credentials {
        case .none: return
        case .token, .certificate: break
        }
        let authority = server.dropFirst("http://".count).prefix { $0 != "/" }
        let host =
            authority.hasPrefix("[") ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        guard host == "localhost" || host == "::1" || Self.isLoopback(String(host)) else {
            throw ClientError(
                .misconfigured, "a credential would be sent in the clear to \(server)", hint: "Use https.")
        }
    }

    /// 127.0.0.0/8 (RFC 1122, 3.2.1.3).
    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    /// The options of every connection to this server.
    var tls: TLSOptions {
        var tls = TLSOptions()
        tls.caPEM = authoritiesPEM
        tls.serverName = serverName
        if case .certificate(let chain, let key) = credentials {
            tls.clientCertificatePEM = chain
            tls.clientKeyPEM = key
        }
        return tls
    }
}

/// A token that proves who we are. It is asked for at each request, so that one in a file may be renewed meanwhile, and
/// it never shows in a description.
package struct BearerToken: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    let value: @Sendable () throws(ClientError) -> String
    package let description = "a token"
    package let debugDescription = "a token"

    package init(_ text: String) {
        value = { () throws(ClientError) in try Self.checked(text, of: "the token") }
    }

    /// The first line of a file of at most 64 KiB, read anew each time.
    package init(file path: String) {
        value = { () throws(ClientError) in try Self.checked(Self.text(of: path), of: "the token in \(path)") }
    }

    private static func text(of path: String) throws(ClientError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 65_536 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ClientError {
        ClientError(
            .misconfigured, "the token in \(path) cannot be read: \(String(cString: strerror(code)))",
            hint: "Give the path of a file that holds one token.")
    }

    /// Letters, digits and some signs (RFC 6750, 2.1): nothing that could break out of a header field.
    private static func checked(_ text: String, of what: String) throws(ClientError) -> String {
        let line = text.utf8.drop { $0 == 0x20 }.prefix { $0 != 0x0A && $0 != 0x0D }
        let token = String(decoding: line, as: UTF8.self)
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ClientError(
                .misconfigured, "\(what) is empty or holds what no token holds",
                hint: "Give a token as `rebound token create` prints it.")
        }
        return token
    }
}
