// SPDX-License-Identifier: Apache-2.0

/// How the targets of a group are named.
package enum TargetType: AWSNamedValue {
    case instance, ip, lambda, alb
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.instance, "instance"), (.ip, "ip"), (.lambda, "lambda"), (.alb, "alb"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// How a load balancer asks a target whether it is well.
package struct TargetHealthCheck: Sendable, Hashable, Codable {
    package var isEnabled: Bool
    package var protocolName: String?
    /// A port, or `traffic-port`.
    package var port: String?
    package var path: String?
    package var intervalSeconds: Int?
    package var timeoutSeconds: Int?
    package var healthyThreshold: Int?
    package var unhealthyThreshold: Int?
    /// The answers that count as well: HTTP codes `200-299`, or a gRPC code.
    package var matcher: String?

    /// Of these facts, as AWS would tell them.
    package init(
        isEnabled: Bool, protocolName: String? = nil, port: String? = nil, path: String? = nil,
        intervalSeconds: Int? = nil, timeoutSeconds: Int? = nil, healthyThreshold: Int? = nil,
        unhealthyThreshold: Int? = nil, matcher: String? = nil
    ) {
        self.isEnabled = isEnabled
        self.protocolName = protocolName
        self.port = port
        self.path = path
        self.intervalSeconds = intervalSeconds
        self.timeoutSeconds = timeoutSeconds
        self.healthyThreshold = healthyThreshold
        self.unhealthyThreshold = unhealthyThreshold
        self.matcher = matcher
    }
}

/// What DescribeTargetGroups says about one group.
package struct TargetGroup: Sendable, Hashable, Codable {
    package var arn: TargetGroupARN
    package var name: String
    package var protocolName: String?
    /// Absent for Lambda targets.
    package var port: Int?
    package var vpcID: String?
    package var targetType: TargetType
    package var healthCheck: TargetHealthCheck
    package var loadBalancerARNs: [String]

    /// Of these facts, as AWS would tell them.
    package init(
        arn: TargetGroupARN, name: String, protocolName: String? = nil, port: Int? = nil, vpcID: String? = nil,
        targetType: TargetType, healthCheck: TargetHealthCheck, loadBalancerARNs: [String] = []
    ) {
        self.arn = arn
        self.name = name
        self.protocolName = protocolName
        self.port = port
        self.vpcID = vpcID
        self.targetType = targetType
        self.healthCheck = healthCheck
        self.loadBalancerARNs = loadBalancerARNs
    }
}

extension TargetGroup: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        arn = try xml.requiredIdentifier("TargetGroupArn")
        name = try xml.required("TargetGroupName")
        protocolName = xml.text("Protocol")
        port = try xml.int("Port")
        vpcID = xml.text("VpcId")
        targetType = xml.named("TargetType") ?? .instance
        healthCheck = try TargetHealthCheck(xml: xml)
        loadBalancerARNs = xml.texts("LoadBalancerArns")
    }
}

extension TargetHealthCheck: XMLDecodable {
    /// Reads it from the target group's own element.
    init(xml: XMLElement) throws(XMLFault) {
        isEnabled = try xml.bool("HealthCheckEnabled") ?? true
        protocolName = xml.text("HealthCheckProtocol")
        port = xml.text("HealthCheckPort")
        path = xml.text("HealthCheckPath")
        intervalSeconds = try xml.int("HealthCheckIntervalSeconds")
        timeoutSeconds = try xml.int("HealthCheckTimeoutSeconds")
        healthyThreshold = try xml.int("HealthyThresholdCount")
        unhealthyThreshold = try xml.int("UnhealthyThresholdCount")
        matcher = xml.child("Matcher").flatMap { $0.text("HttpCode") ?? $0.text("GrpcCode") }
    }
}

/// How a target is doing
/// (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html).
package enum TargetHealthState: AWSNamedValue {
    case initial, healthy, unhealthy, unhealthyDraining, unused, draining, unavailable
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.healthy, "healthy"), (.unhealthy, "unhealthy"), (.initial, "initial"), (.draining, "draining"),
        (.unused, "unused"), (.unavailable, "unavailable"), (.unhealthyDraining, "unhealthy.draining"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// A place that a load balancer sends requests to.
package struct LoadBalancerTarget: Sendable, Hashable, Codable {
    /// An instance id, an address, or an ARN, as the group's target type says.
    package var id: String
    /// Nil: the group's own port.
    package var port: Int?
    /// Only for addresses: the zone, or `all`.
    package var availabilityZone: String?

    /// A target by its name.
    package init(id: String, port: Int? = nil, availabilityZone: String? = nil) {
        self.id = id
        self.port = port
        self.availabilityZone = availabilityZone
    }

    /// An instance as target.
    package init(instance: EC2InstanceID, port: Int? = nil) { self.init(id: instance.rawValue, port: port) }
}

/// What DescribeTargetHealth says about one target.
package struct TargetHealth: Sendable, Hashable, Codable {
    package var target: LoadBalancerTarget
    package var state: TargetHealthState
    /// AWS's word for why it is not healthy: `Target.Timeout`, `Target.DeregistrationInProgress`, `Elb.InternalError`.
    package var reason: String?
    package var description: String?
    /// The port that is asked for health, where it differs.
    package var healthCheckPort: String?

    /// Of these facts, as AWS would tell them.
    package init(
        target: LoadBalancerTarget, state: TargetHealthState, reason: String? = nil, description: String? = nil,
        healthCheckPort: String? = nil
    ) {
        self.target = target
        self.state = state
        self.reason = reason
        self.description = description
        self.healthCheckPort = healthCheckPort
    }
}

extension TargetHealth: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        let target = try xml.requiredChild("Target")
        self.target = LoadBalancerTarget(
            id: try target.required("Id"), port: try target.int("Port"),
            availabilityZone: target.text("AvailabilityZone"))
        let health = try xml.requiredChild("TargetHealth")
        state = try health.requiredNamed("State")
        reason = health.text("Reason")
        description = health.text("Description")
        healthCheckPort = xml.text("HealthCheckPort")
    }
}
