// SPDX-License-Identifier: Apache-2.0

/// The part of a request before its body, as plain values.
struct RequestHead: Sendable {
    var method: String
    /// Path and query, as sent.
    var target: String
    var authority: String?
    var accept = ""
    var contentType = ""
    var userAgent = ""
    var authorization: String?
    var origin: String?
    var fetchSite: String?
    var certificate: [UInt8]?

    init(method: String, target: String, authority: String?) {
        self.method = method
        self.target = target
        self.authority = authority
    }
}
