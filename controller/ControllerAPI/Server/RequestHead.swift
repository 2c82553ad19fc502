// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore

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

extension RequestHead {
    init(_ request: Request, certificate: [UInt8]?) {
        self.init(
            method: request.method.rawValue, target: request.head.path ?? "/", authority: request.head.authority)
        let headers = request.headers
        accept = headers[values: .accept].joined(separator: ",")
        contentType = headers[.contentType] ?? ""
        userAgent = headers[.userAgent] ?? ""
        authorization = headers[.authorization]
        origin = headers[.origin]
        fetchSite = HTTPField.Name("Sec-Fetch-Site").flatMap { headers[$0] }
        self.certificate = certificate
    }
}
