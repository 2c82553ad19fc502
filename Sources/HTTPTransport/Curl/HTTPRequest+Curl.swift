// SPDX-License-Identifier: Apache-2.0

// What libcurl has to be told about a request beyond its parts.
extension HTTPRequest {
    /// A length is sent, be it 0 (RFC 9110, 8.6).
    var announcesBody: Bool { !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) }

    /// When a kept connection turns out dead, libcurl sends the request again by itself, though the other side may
    /// have acted on it. That is harmless for reads; a request with a body is not repeated as its body cannot be
    /// rewound; everything else must go out on a new connection.
    var isSafeOnKeptConnection: Bool {
        ["GET", "HEAD", "OPTIONS"].contains(method) || !body.isEmpty && redirects == .refuse
    }

    /// The fields as CURLOPT_HTTPHEADER wants them: "Name;" sends an empty field, "Name:" keeps libcurl from adding
    /// one.
    func headerLines() -> [String] {
        var lines = headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if announcesBody {
            // Neither libcurl's form type nor a pause for "100 Continue" is wanted.
            lines.append("Expect:")
            if !names("Content-Type") { lines.append("Content-Type:") }
        }
        if tls.serverName != nil, !names("Host"), let authority = authorityInURL { lines.append("Host: \(authority)") }
        return lines
    }

    private func names(_ field: String) -> Bool { headers.contains { isSameFieldName($0.name, field) } }

    /// Host and port as the URL has them.
    private var authorityInURL: String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        return String(url[start...].prefix { !"/?#".contains($0) })
    }
}
