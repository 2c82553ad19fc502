// SPDX-License-Identifier: Apache-2.0
import HTTPTransport

/// The endpoint that ECS, EKS Pod Identity and Greengrass give to a container.
struct ContainerCredentials: CredentialSource {
    let name = "container"
    let context: AWSContext
    /// Where relative URIs belong: the ECS agent. Another one only in tests.
    var agent = "http://169.254.170.2"

    func find() async throws(AWSError) -> CredentialFinding {
        guard let url = try endpoint() else {
            return .notConfigured(
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set")
        }
        let fetcher = MetadataFetcher(context: context, source: self)
        let response: HTTPResponse
        do {
            response = try await fetcher.send("GET", url, headers: try authorization())
        } catch {
            throw fetcher.explain(error, url, hint: "See that the container's credentials agent runs.")
        }
        guard response.status == 200 else { throw fetcher.status(response.status, of: url) }
        let document = try KeyDocument.parse(response.body, of: self)
        return .found(try document.credentials(from: self, needsExpiration: true))
    }

    private func endpoint() throws(AWSError) -> String? {
        if let path = context.environment.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/") else {
                throw broken(
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash.",
                    hint: "Leave it as the container's platform set it.")
            }
            return agent + path
        }
        guard let url = context.environment.value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        let withoutQuery = url.prefix { $0 != "?" }
        guard let endpoint = AWSEndpoint(url: String(withoutQuery)) else {
            throw broken(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is \"\(withoutQuery)\", which is no http(s) URL.",
                hint: "Leave it as the container's platform set it.")
        }
        guard endpoint.scheme == "https" || Self.isNear(endpoint.host) else {
            throw broken(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(endpoint.host) without TLS; keys would cross a network.",
                hint:
                    "Use https, or one of the hosts 127.0.0.0/8, [::1], 169.254.170.2, 169.254.170.23, [fd00:ec2::23].")
        }
        return url
    }

    /// Hosts that plain HTTP may reach: this one, and the agents of ECS and EKS (AWS SDKs reference guide, container
    /// credential provider).
    static func isNear(_ host: String) -> Bool {
        if ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(host) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The token file goes before the token, and is read anew each time.
    private func authorization() throws(AWSError) -> [HTTPHeader] {
        let environment = context.environment
        let token: String
        if let file = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            token = try environment.secret(inFile: file, of: name)
        } else if let value = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            token = value
        } else {
            return []
        }
        guard token.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw broken(
                "the authorization token holds a line break or another character no header may have.",
                hint: "Set AWS_CONTAINER_AUTHORIZATION_TOKEN to the token alone.")
        }
        return [HTTPHeader(name: "Authorization", value: token)]
    }
}
