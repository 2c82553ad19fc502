// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Synchronization

/// The role of the EC2 instance we run on, from its metadata service, version 2 only.
///
/// Version 1 needs no token and lets anyone who can make the host send a GET have its keys; it is never tried.
///
/// A class, because the session token of the service is kept between renewals; a mutex guards it.
final class InstanceCredentials: CredentialSource {
    let name = "instance metadata (IMDSv2)"
    private let context: AWSContext
    private let settings: AWSSettings
    private let token = Mutex<String?>(nil)

    init(context: AWSContext, settings: AWSSettings) {
        self.context = context
        self.settings = settings
    }

    private static let rolesPath = "/latest/meta-data/iam/security-credentials/"
    /// The longest that the service grants.
    private static let tokenLifetimeSeconds = "21600"

    func find() async throws(AWSError) -> CredentialFinding {
        if try context.environment.flag("AWS_EC2_METADATA_DISABLED") {
            return .notConfigured("AWS_EC2_METADATA_DISABLED is true")
        }
        let base = try endpoint()
        do {
            return try await find(at: base)
        } catch let error as TransportError where Self.meansAbsent(error) {
            return .notConfigured("nothing answers at \(base): this is no EC2 instance, or it has no metadata service")
        } catch {
            let hint =
                "From a container, raise the instance's metadata hop limit to 2; else see that IMDSv2 is enabled."
            throw MetadataFetcher(context: context, source: self).explain(error, base, hint: hint)
        }
    }

    private func find(at base: String) async throws -> CredentialFinding {
        let fetcher = MetadataFetcher(context: context, source: self)
        let roles = try await get(base + Self.rolesPath, base, fetcher)
        if roles.status == 404 { return .notConfigured("the instance has no role") }
        guard roles.status == 200 else { throw fetcher.status(roles.status, of: base + Self.rolesPath) }
        let first = String(decoding: roles.body, as: UTF8.self).split(whereSeparator: \.isNewline).first
        guard let role = first.map(String.init), !role.isEmpty else {
            return .notConfigured("the instance has no role")
        }
        let url = base + Self.rolesPath + PercentEncoding.encode(role)
        let response = try await get(url, base, fetcher)
        guard response.status == 200 else { throw fetcher.status(response.status, of: url) }
        let document = try KeyDocument.parse(response.body, of: self)
        if let code = document.code, code != "Success" {
            throw broken(
                "the metadata service says \(code) for the role \(role).", code: .serviceUnavailable,
                hint: "Check the instance profile and the trust policy of its role.")
        }
        return .found(try document.credentials(from: self, needsExpiration: true))
    }

    /// A GET with the session token, got anew when there is none or the service no longer knows it.
    private func get(_ url: String, _ base: String, _ fetcher: MetadataFetcher) async throws -> HTTPResponse {
        let kept = token.withLock { $0 }
        let used: String
        if let kept { used = kept } else { used = try await newToken(base, fetcher) }
        let response = try await fetcher.send("GET", url, headers: [Self.header(used)])
        guard response.status == 401 else { return response }
        return try await fetcher.send("GET", url, headers: [Self.header(try await newToken(base, fetcher))])
    }

    private func newToken(_ base: String, _ fetcher: MetadataFetcher) async throws -> String {
        let url = base + "/latest/api/token"
        let lifetime = HTTPHeader(
            name: "X-aws-ec2-metadata-token-ttl-seconds", value: Self.tokenLifetimeSeconds)
        let response = try await fetcher.send("PUT", url, headers: [lifetime])
        let text = String(decoding: response.body, as: UTF8.self)
        guard response.status == 200, !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw broken(
                "\(url) gave no session token (HTTP status \(response.status)).", code: .accessDenied,
                hint: "Enable IMDSv2 on this instance; version 1 is not used. Or set AWS_EC2_METADATA_DISABLED=true.")
        }
        token.withLock { $0 = text }
        return text
    }

    private static func header(_ token: String) -> HTTPHeader {
        HTTPHeader(name: "X-aws-ec2-metadata-token", value: token)
    }

    /// Nobody listens there. A service that takes the connection and then stays silent is a broken one.
    private static func meansAbsent(_ error: TransportError) -> Bool {
        error.code == .cannotConnect || error.code == .connectTimedOut || error.code == .cannotResolve
    }

    private func endpoint() throws(AWSError) -> String {
        let environment = context.environment
        if let url = environment.value("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            ?? settings.profile?["ec2_metadata_service_endpoint"]
        {
            guard let endpoint = AWSEndpoint(url: url) else {
                throw broken(
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT is \"\(url)\", which is no http(s) URL.",
                    hint: "Write http://host[:port], or unset it.")
            }
            return endpoint.url
        }
        let mode =
            environment.value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            ?? settings.profile?["ec2_metadata_service_endpoint_mode"]
        switch mode?.lowercased() {
        case nil, "ipv4": return "http://169.254.169.254"
        case "ipv6": return "http://[fd00:ec2::254]"
        case .some(let other):
            throw broken(
                "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is \"\(other)\".", hint: "Set it to IPv4 or IPv6.")
        }
    }
}
