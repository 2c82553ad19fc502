// SPDX-License-Identifier: Apache-2.0
import CCurl
import Glibc

/// A request in which nothing is left that cannot be sent, with its URL taken apart once. Checking costs some
/// microseconds, so whoever sends the same request again and again keeps the checked form.
package struct CheckedRequest: Sendable {
    /// The request as it was given.
    package let request: HTTPRequest
    /// The host of the URL, without brackets.
    let host: String
    let port: String
    /// What libcurl is given; its host is the TLS server name where one was asked for.
    let effectiveURL: String
    /// The host is a name that a resolver must be asked for.
    let needsResolver: Bool
    /// The header fields in libcurl's way of writing (CURLOPT_HTTPHEADER).
    let headerLines: [String]
    let connectMilliseconds: Int64
    let totalMilliseconds: Int64

    /// Throws `.invalidURL` naming what is wrong.
    package init(_ request: HTTPRequest) throws(TransportError) {
        try Self.checkText(of: request)
        let url = try ParsedURL(request.url, replacingHostBy: request.tls.serverName)
        self.request = request
        host = url.host
        port = url.port
        effectiveURL = url.effective
        // Names that libcurl must turn into ASCII first (IDN) are left to its own resolver.
        let isPlainName = !isAddressOrLocalhost(url.host) && url.host.utf8.allSatisfy { $0 < 0x80 }
        needsResolver = request.unixSocketPath == nil && request.proxy == .none && isPlainName
        headerLines = request.headerLines()
        connectMilliseconds = try Self.milliseconds(request.timeouts.connect, "connect")
        totalMilliseconds = try Self.milliseconds(request.timeouts.total, "total")
    }

    /// The name under which libcurl connects where the URL carries the TLS server name instead of the host.
    var connectTo: String? {
        request.tls.serverName == nil ? nil : "::\(bracketed(host)):\(port)"
    }

    private static func milliseconds(_ duration: Duration, _ name: String) throws(TransportError) -> Int64 {
        let nanoseconds = duration.wholeNanoseconds
        guard nanoseconds > 0 else {
            throw .unsendable("The \(name) timeout is \(duration).", hint: "Give a \(name) timeout of at least 1 ms.")
        }
        // libcurl keeps milliseconds in a C int (CURLOPT_TIMEOUT_MS).
        return min(max(1, (nanoseconds - 1) / 1_000_000 + 1), Int64(Int32.max))
    }

    private static func checkText(of request: HTTPRequest) throws(TransportError) {
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(isTokenByte) else {
            throw .unsendable("The method is not an HTTP token.", hint: "Use a method such as GET or POST.")
        }
        for header in request.headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
                throw .unsendable("A header name is not an HTTP token.", hint: "Use letters, digits and hyphens.")
            }
            guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .unsendable(
                    "The value of header \(header.name) holds a control character.",
                    hint: "Take line breaks and control characters out of it.")
            }
        }
        if case .follow(let limit) = request.redirects, limit < 0 {
            throw .unsendable("The redirect limit is \(limit).", hint: "Give a limit of 0 or more.")
        }
        let options = [
            request.url, request.unixSocketPath ?? "", request.tls.caFile ?? "", request.tls.serverName ?? "",
            request.tls.clientCertificateFile ?? "", request.tls.clientKeyFile ?? "",
        ]
        guard options.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }) else {
            throw .unsendable(
                "The URL or an option holds a control character.", hint: "Take line breaks and NUL bytes out of it.")
        }
    }
}

extension TransportError {
    static func unsendable(_ message: String, hint: String) -> TransportError {
        TransportError(.invalidURL, message: message, hint: hint, requestMayHaveBeenSent: false)
    }
}

/// Whether the byte may stand in a token (RFC 9110, 5.6.2).
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
    default: false
    }
}

/// Whether no resolver is needed: a numeric address, or `localhost`, which RFC 6761 fixes.
package func isAddressOrLocalhost(_ host: String) -> Bool {
    var room = in6_addr()
    if inet_pton(AF_INET, host, &room) == 1 { return true }
    let unscoped = host.prefix { $0 != "%" }
    if inet_pton(AF_INET6, String(unscoped), &room) == 1 { return true }
    return isSameFieldName(host, "localhost")
}

/// An IPv6 address as it stands in a URL.
func bracketed(_ host: String) -> String { host.utf8.contains(0x3A) ? "[\(host)]" : host }

/// A URL as libcurl itself reads it, so that we cannot disagree on the host
/// (https://curl.se/libcurl/c/libcurl-url.html).
private struct ParsedURL {
    let host: String
    let port: String
    let effective: String

    init(_ text: String, replacingHostBy serverName: String?) throws(TransportError) {
        guard let handle = curl_url() else { throw .outOfMemory }
        defer { curl_url_cleanup(handle) }
        let code = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER))
        guard code == CURLUE_OK else {
            let why = String(cString: curl_url_strerror(code))
            throw .unsendable(
                "The URL \(text.debugDescription) cannot be used: \(why).",
                hint: "Give an absolute http or https URL; pass user and password in an Authorization header.")
        }
        let scheme = part(CURLUPART_SCHEME, of: handle)
        guard scheme == "http" || scheme == "https" else {
            throw .unsendable(
                "The URL \(text.debugDescription) has the scheme \(scheme ?? "none").", hint: "Use http or https.")
        }
        let hostInURL = part(CURLUPART_HOST, of: handle) ?? ""
        host = hostInURL.hasPrefix("[") ? String(hostInURL.dropFirst().dropLast()) : hostInURL
        port = part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT)) ?? ""
        if let serverName {
            guard curl_url_set(handle, CURLUPART_HOST, serverName, 0) == CURLUE_OK else {
                throw .unsendable(
                    "The server name \(serverName.debugDescription) is no host name.", hint: "Give a DNS name.")
            }
        }
        effective = part(CURLUPART_URL, of: handle) ?? text
    }
}

private func part(_ what: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, what, &text, flags) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
}
