// SPDX-License-Identifier: Apache-2.0

/// How a service wants its requests written.
package enum AWSWire: Sendable, Hashable {
    /// A form; errors and request ids in EC2's own shape.
    case ec2Query
    /// A form, with the Query protocol's shapes.
    case query
    /// A JSON document with `X-Amz-Target: <targetPrefix>.<action>`.
    case json(version: String, targetPrefix: String)
    /// Method and path say what is wanted.
    case rest
}

/// What never changes about one AWS service.
package struct AWSService: Sendable, Hashable {
    /// The name in a signature's scope.
    package let signingName: String
    /// The first label of the host name.
    package let endpointPrefix: String
    /// The `Version` of a form.
    package let apiVersion: String
    package let wire: AWSWire
    /// The suffix of `AWS_ENDPOINT_URL_…`; in lower case, the key in a profile's `services` section.
    package let endpointVariable: String

    package init(
        signingName: String, endpointPrefix: String, apiVersion: String, wire: AWSWire, endpointVariable: String
    ) {
        self.signingName = signingName
        self.endpointPrefix = endpointPrefix
        self.apiVersion = apiVersion
        self.wire = wire
        self.endpointVariable = endpointVariable
    }
}

/// Names and versions as in AWS's service models.
extension AWSService {
    package static let ec2 = AWSService(
        signingName: "ec2", endpointPrefix: "ec2", apiVersion: "2016-11-15", wire: .ec2Query, endpointVariable: "EC2")
    package static let autoScaling = AWSService(
        signingName: "autoscaling", endpointPrefix: "autoscaling", apiVersion: "2011-01-01", wire: .query,
        endpointVariable: "AUTO_SCALING")
    package static let elbv2 = AWSService(
        signingName: "elasticloadbalancing", endpointPrefix: "elasticloadbalancing", apiVersion: "2015-12-01",
        wire: .query, endpointVariable: "ELASTIC_LOAD_BALANCING_V2")
    package static let sns = AWSService(
        signingName: "sns", endpointPrefix: "sns", apiVersion: "2010-03-31", wire: .query, endpointVariable: "SNS")
    package static let lambda = AWSService(
        signingName: "lambda", endpointPrefix: "lambda", apiVersion: "2015-03-31", wire: .rest,
        endpointVariable: "LAMBDA")
    package static let sts = AWSService(
        signingName: "sts", endpointPrefix: "sts", apiVersion: "2011-06-15", wire: .query, endpointVariable: "STS")
    package static let cloudWatch = AWSService(
        signingName: "monitoring", endpointPrefix: "monitoring", apiVersion: "2010-08-01", wire: .query,
        endpointVariable: "CLOUDWATCH")
    static let ssoPortal = AWSService(
        signingName: "awsssoportal", endpointPrefix: "portal.sso", apiVersion: "2019-06-10", wire: .rest,
        endpointVariable: "SSO")
    static let ssoTokens = AWSService(
        signingName: "sso-oauth", endpointPrefix: "oidc", apiVersion: "2019-06-10", wire: .rest,
        endpointVariable: "SSO_OIDC")
}
