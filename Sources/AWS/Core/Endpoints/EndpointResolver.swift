// SPDX-License-Identifier: Apache-2.0

/// Turns a service and a region into an endpoint, by AWS's naming rules or by what the operator configured.
///
/// A configured URL wins in AWS's order: given in code, `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the
/// profile's `services` section, the profile's `endpoint_url`.
package struct EndpointResolver: Sendable, Equatable {
    /// FIPS 140 validated endpoints.
    package var usesFIPS: Bool
    /// Endpoints with IPv6 beside IPv4.
    package var usesDualStack: Bool
    /// URLs by `AWSService.endpointVariable`.
    package var serviceURLs: [String: String]
    /// The URL for every service that has none of its own.
    package var commonURL: String?

    package init(
        usesFIPS: Bool = false, usesDualStack: Bool = false, serviceURLs: [String: String] = [:],
        commonURL: String? = nil
    ) {
        self.usesFIPS = usesFIPS
        self.usesDualStack = usesDualStack
        self.serviceURLs = serviceURLs
        self.commonURL = commonURL
    }

    /// Throws `.invalidConfiguration` for a URL that is none, for FIPS or dual-stack beside a configured URL, and for a
    /// region of no known partition.
    package func endpoint(for service: AWSService, region: String) throws(AWSError) -> AWSEndpoint {
        let region = try AWSRegionName.check(region, from: "The call")
        if let configured = serviceURLs[service.endpointVariable] ?? commonURL {
            return try configuredEndpoint(configured, for: service)
        }
        guard let partition = AWSPartition(region: region) else {
            throw failure(
                "The region \(region) belongs to none of the partitions aws, aws-cn and aws-us-gov.",
                "Check its spelling, or set AWS_ENDPOINT_URL.", service)
        }
        let domain = usesDualStack ? partition.dualStackDomain : partition.domain
        let prefix = service.endpointPrefix + (hasFIPSName(service, partition) ? "-fips" : "")
        return AWSEndpoint(scheme: "https", authority: "\(prefix).\(region).\(domain)", basePath: "")
    }

    /// In GovCloud the usual names are FIPS endpoints already, but for Lambda's; the dual-stack ones are not, but for
    /// CloudWatch's. So say the services' endpoint rules.
    private func hasFIPSName(_ service: AWSService, _ partition: AWSPartition) -> Bool {
        guard usesFIPS, partition == .usGov else { return usesFIPS }
        return usesDualStack
            ? service.endpointPrefix != AWSService.cloudWatch.endpointPrefix
            : service.endpointPrefix == AWSService.lambda.endpointPrefix
    }

    private func configuredEndpoint(_ url: String, for service: AWSService) throws(AWSError) -> AWSEndpoint {
        guard let endpoint = AWSEndpoint(url: url) else {
            throw failure(
                "The endpoint URL \"\(url)\" is not http(s)://host[:port][/path].",
                "Correct AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_\(service.endpointVariable) or endpoint_url.", service)
        }
        guard !usesFIPS, !usesDualStack else {
            throw failure(
                "A FIPS or dual-stack endpoint is asked for, and the endpoint URL \(endpoint.url) is configured too.",
                "Unset AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the endpoint URL.", service)
        }
        return endpoint
    }

    private func failure(_ message: String, _ hint: String, _ service: AWSService) -> AWSError {
        AWSError(
            code: .invalidConfiguration, message: message, hint: hint, service: service.signingName, action: "endpoint")
    }
}
