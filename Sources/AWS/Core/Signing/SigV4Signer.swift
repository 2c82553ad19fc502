// SPDX-License-Identifier: Apache-2.0
import Digests
package import HTTPTransport

/// AWS Signature Version 4 with HMAC-SHA256.
///
/// The request is written in one canonical form; its digest, the time and the scope (day, region, service) make the
/// string to sign; the key is derived from the secret for that scope alone, so it is worthless elsewhere. Source: AWS
/// Identity and Access Management user guide, "Create a signed AWS API request".
package struct SigV4Signer: Sendable {
    /// What S3 and a few others do differently. The defaults are every other service's rules.
    package struct Options: Sendable, Equatable {
        /// Resolves `.`, `..` and doubled slashes before signing. S3 does not.
        package var normalizesPath = true
        /// Encodes the wire's path once more for signing. S3 does not.
        package var encodesPath = true
        /// Sends the body's digest as `X-Amz-Content-Sha256` and signs it. S3 wants it.
        package var sendsBodyDigest = false
        /// Adds the session token after signing, for the few services that want it outside the signature.
        package var leavesTokenUnsigned = false

        package init() {}
    }

    package let region: String
    /// The service's signing name.
    package let service: String
    package let options: Options

    package init(region: String, service: String, options: Options = Options()) {
        self.region = region
        self.service = service
        self.options = options
    }

    /// All intermediate results, so that each can be compared with a published vector.
    package struct Signature: Sendable {
        package var canonicalRequest: String
        package var stringToSign: String
        package var signature: String
        package var signedHeaders: String
    }

    /// The headers of the request with those that prove it: `X-Amz-Date`, the session token, `Authorization`.
    package func sign(
        _ request: SignableRequest, with credentials: AWSCredentials, at date: AWSInstant
    ) -> (headers: [HTTPHeader], signature: Signature) {
        let digest = Hex.text(SHA256.digest(request.body))
        var signed = request
        signed.headers.removeAll { Self.ownHeaders.contains($0.name.lowercased()) }
        signed.headers.append(HTTPHeader(name: "X-Amz-Date", value: date.basicISO8601))
        if options.sendsBodyDigest { signed.headers.append(HTTPHeader(name: "X-Amz-Content-Sha256", value: digest)) }
        let token = credentials.sessionToken.map { HTTPHeader(name: "X-Amz-Security-Token", value: $0) }
        if let token, !options.leavesTokenUnsigned { signed.headers.append(token) }
        let signature = signature(of: signed, bodyDigest: digest, secret: credentials.secretAccessKey, at: date)
        if let token, options.leavesTokenUnsigned { signed.headers.append(token) }
        let value =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope(date)), "
            + "SignedHeaders=\(signature.signedHeaders), Signature=\(signature.signature)"
        return (signed.headers + [HTTPHeader(name: "Authorization", value: value)], signature)
    }

    /// The query that carries the proof by itself, good for `lifetime` seconds (1 to 604,800, or AWS refuses it).
    package func presign(
        _ request: SignableRequest, with credentials: AWSCredentials, at date: AWSInstant, lifetimeSeconds: Int
    ) -> (query: [(name: String, value: String)], signature: Signature) {
        var signed = request
        signed.headers.removeAll { Self.ownHeaders.contains($0.name.lowercased()) }
        let names = signed.canonicalHeaders().map(\.name).joined(separator: ";")
        signed.query += [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(date))"),
            ("X-Amz-Date", date.basicISO8601), ("X-Amz-Expires", String(lifetimeSeconds)),
            ("X-Amz-SignedHeaders", names),
        ]
        let token = credentials.sessionToken.map { (name: "X-Amz-Security-Token", value: $0) }
        if let token, !options.leavesTokenUnsigned { signed.query.append(token) }
        let digest = Hex.text(SHA256.digest(request.body))
        let signature = signature(of: signed, bodyDigest: digest, secret: credentials.secretAccessKey, at: date)
        if let token, options.leavesTokenUnsigned { signed.query.append(token) }
        return (signed.query + [("X-Amz-Signature", signature.signature)], signature)
    }

    /// Written by us, so one that came with the request is dropped.
    private static let ownHeaders: Set<String> = [
        "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
    ]

    private func scope(_ date: AWSInstant) -> String {
        "\(date.basicISO8601.prefix(8))/\(region)/\(service)/aws4_request"
    }

    private func signature(
        of request: SignableRequest, bodyDigest: String, secret: String, at date: AWSInstant
    ) -> Signature {
        let headers = request.canonicalHeaders()
        let names = headers.map(\.name).joined(separator: ";")
        let lines = headers.map { "\($0.name):\($0.value)\n" }.joined()
        let canonical =
            "\(request.method)\n\(request.canonicalPath(options))\n\(request.canonicalQuery())\n\(lines)\n\(names)\n"
            + bodyDigest
        let toSign =
            "AWS4-HMAC-SHA256\n\(date.basicISO8601)\n\(scope(date))\n"
            + Hex.text(SHA256.digest(Array(canonical.utf8)))
        let signature = SHA256.authenticationCode(key: signingKey(secret, at: date), Array(toSign.utf8))
        return Signature(
            canonicalRequest: canonical, stringToSign: toSign, signature: Hex.text(signature), signedHeaders: names)
    }

    private func signingKey(_ secret: String, at date: AWSInstant) -> [UInt8] {
        let parts = [String(date.basicISO8601.prefix(8)), region, service, "aws4_request"]
        return SigningKeys.shared.key(for: SigningKeys.Scope(secret: secret, parts: parts)) {
            parts.reduce(Array("AWS4\(secret)".utf8)) { SHA256.authenticationCode(key: $0, Array($1.utf8)) }
        }
    }
}
