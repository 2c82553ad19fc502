// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore

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
