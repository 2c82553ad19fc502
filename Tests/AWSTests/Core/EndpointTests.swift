// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Testing

@testable import AWS

@Suite("endpoints")
struct EndpointTests {
    private struct Row: Codable, Hashable, CustomStringConvertible {
        var service: String
        var region: String
        var fips: Bool
        var dual: Bool
        var description: String { "\(service) \(region)\(fips ? " fips" : "")\(dual ? " dual-stack" : "")" }
    }

    private static let services: [String: AWSService] = [
        "ec2": .ec2, "autoscaling": .autoScaling, "elbv2": .elbv2, "sns": .sns, "lambda": .lambda, "sts": .sts,
        "cloudwatch": .cloudWatch, "sso": .ssoPortal, "sso-oidc": .ssoTokens,
    ]

    private static let regions = [
        "eu-west-1", "us-east-1", "ap-southeast-2", "il-central-1", "mx-central-1", "cn-north-1", "cn-northwest-1",
        "us-gov-west-1", "us-gov-east-1",
    ]

    @Test("names equal what botocore's endpoint rules give, for each service, region, FIPS and dual-stack")
    func namesEqualBotocore() async throws {
        let rows = Self.services.keys.sorted().flatMap { service in
            Self.regions.flatMap { region in
                [(false, false), (true, false), (false, true), (true, true)].map {
                    Row(service: service, region: region, fips: $0.0, dual: $0.1)
                }
            }
        }
        let answer = try await Python.run(Self.script, input: try JSONEncoder().encode(rows))
        let expected = try JSONDecoder().decode([String].self, from: answer)
        try #require(expected.count == 9 * 9 * 4)
        for (row, url) in zip(rows, expected) {
            let resolver = EndpointResolver(usesFIPS: row.fips, usesDualStack: row.dual)
            let service = try #require(Self.services[row.service])
            #expect(try resolver.endpoint(for: service, region: row.region).url == url, "\(row)")
        }
    }

    private static let script = """
        import json, sys
        import botocore.session
        from botocore.endpoint_provider import EndpointProvider
        loader = botocore.session.get_session().get_component("data_loader")
        partitions = loader.load_data("partitions")
        providers = {}
        def url(row):
            name = row["service"]
            if name not in providers:
                rules = loader.load_service_model(name, "endpoint-rule-set-1")
                providers[name] = EndpointProvider(rules, partitions)
            return providers[name].resolve_endpoint(
                Region=row["region"], UseFIPS=row["fips"], UseDualStack=row["dual"]).url
        print(json.dumps([url(row) for row in json.load(open(sys.argv[1]))]))
        """

    @Test(
        "a region outside the three partitions is refused",
        arguments: ["us-iso-east-1", "eusc-de-east-1", "us", "eu-west", "xx-west-1", "eu-west-x", "us-gov-west"])
    func unknownPartition(region: String) throws {
        #expect(AWSPartition(region: region) == nil)
        #expect(throws: AWSError.self) { try EndpointResolver().endpoint(for: .ec2, region: region) }
    }

    @Test(
        "a region that could change the host is refused even where a URL is configured",
        arguments: ["", "eu west", "evil.com/", "EU-WEST-1", "a@b", "-a", "a-", String(repeating: "a", count: 64)])
    func unsafeRegion(region: String) throws {
        let resolver = EndpointResolver(commonURL: "http://127.0.0.1:5000")
        #expect(throws: AWSError.self) { try resolver.endpoint(for: .ec2, region: region) }
    }

    @Test("with a configured URL any region will do")
    func customRegion() throws {
        let resolver = EndpointResolver(commonURL: "http://127.0.0.1:5000")
        #expect(try resolver.endpoint(for: .ec2, region: "lab-1").url == "http://127.0.0.1:5000")
    }

    @Test(
        "URLs are read with port, IPv6 and path, and the scheme's own port is dropped",
        arguments: [
            ("http://localhost:5000", "localhost:5000", "", "localhost"),
            ("https://EXAMPLE.com:443/", "example.com", "", "example.com"),
            ("http://[::1]:80/base/x/", "[::1]", "/base/x", "::1"),
            ("http://[fd00:ec2::254]", "[fd00:ec2::254]", "", "fd00:ec2::254"),
        ])
    func readsURL(url: String, authority: String, path: String, host: String) throws {
        let endpoint = try #require(AWSEndpoint(url: url))
        #expect(endpoint.authority == authority)
        #expect(endpoint.basePath == path)
        #expect(endpoint.host == host)
    }

    @Test(
        "what is no plain http(s) URL is refused",
        arguments: [
            "", "localhost:5000", "ftp://x", "http://", "http://user:pw@x", "http://x?y=1", "http://x#y", "http://x y",
            "http://x:0", "http://x:70000", "http://x:port", "https://x\r\nHost: y", "http://ex\u{e4}mple",
        ])
    func refusesURL(url: String) {
        #expect(AWSEndpoint(url: url) == nil)
    }

    @Test("FIPS beside a configured URL is refused, not silently dropped")
    func fipsWithURL() {
        let resolver = EndpointResolver(usesFIPS: true, commonURL: "http://127.0.0.1:5000")
        #expect(throws: AWSError.self) { try resolver.endpoint(for: .sts, region: "eu-west-1") }
    }
}
