// SPDX-License-Identifier: Apache-2.0
import HTTPTransport

/// Writes a call as an HTTP request for one endpoint, and signs it.
struct RequestBuilder {
    let call: AWSCall
    let endpoint: AWSEndpoint
    let region: String

    /// Keys nil: the call goes unsigned. The timeouts are for this attempt alone.
    func request(
        credentials: AWSCredentials?, at date: AWSInstant, timeouts: HTTPTimeouts
    ) -> HTTPRequest {
        var signable = unsigned()
        if let credentials {
            let signer = SigV4Signer(region: region, service: call.service.signingName)
            signable.headers = signer.sign(signable, with: credentials, at: date).headers
        }
        // The HTTP client writes Host itself, from the URL; the endpoint's authority is spelled as it will be.
        let headers = signable.headers.filter { $0.name != "Host" }
        let query = signable.query.isEmpty ? "" : "?" + PercentEncoding.query(signable.query)
        let url = "\(endpoint.scheme)://\(endpoint.authority)\(signable.path)\(query)"
        var request = HTTPRequest(
            method: signable.method, url: url, headers: headers, body: signable.body, timeouts: timeouts)
        // A kept connection may turn out dead after the request was written, and then nobody knows whether it arrived.
        request.connection = call.effect == .actsOnce ? .fresh : .keepAlive
        return request
    }

    private func unsigned() -> SignableRequest {
        let root = endpoint.basePath + "/"
        switch call.payload {
        case .form(let fields):
            let all = [("Action", call.action), ("Version", call.service.apiVersion)] + fields
            return post(root, "application/x-www-form-urlencoded; charset=utf-8", PercentEncoding.form(all))
        case .json(let document):
            guard case .json(let version, let prefix) = call.service.wire else {
                return post(root, "application/json", document)
            }
            var request = post(root, "application/x-amz-json-\(version)", document)
            request.headers.append(HTTPHeader(name: "X-Amz-Target", value: "\(prefix).\(call.action)"))
            return request
        case .rest(let method, let path, let query, let headers, let body):
            let path = endpoint.basePath + (path.hasPrefix("/") ? path : "/" + path)
            let hasType = headers.contains { $0.name.lowercased() == "content-type" }
            let type = hasType || body.isEmpty ? [] : [HTTPHeader(name: "Content-Type", value: "application/json")]
            return SignableRequest(
                method: method, path: path, query: query, headers: common + type + headers, body: body)
        }
    }

    private func post(_ path: String, _ contentType: String, _ body: [UInt8]) -> SignableRequest {
        let type = HTTPHeader(name: "Content-Type", value: contentType)
        return SignableRequest(method: "POST", path: path, query: [], headers: common + [type], body: body)
    }

    private var common: [HTTPHeader] {
        [HTTPHeader(name: "Host", value: endpoint.authority), HTTPHeader(name: "User-Agent", value: "rebound")]
    }
}
