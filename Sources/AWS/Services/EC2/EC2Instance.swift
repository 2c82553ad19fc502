// SPDX-License-Identifier: Apache-2.0

/// Where an instance is in its life
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
package enum EC2InstanceState: AWSNamedValue {
    case pending, running, shuttingDown, terminated, stopping, stopped
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.running, "running"), (.pending, "pending"), (.shuttingDown, "shutting-down"), (.terminated, "terminated"),
        (.stopping, "stopping"), (.stopped, "stopped"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// How an instance is paid for; `onDemand` is what AWS says by saying nothing.
package enum EC2Lifecycle: AWSNamedValue {
    case onDemand, spot, scheduled, capacityBlock
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.onDemand, "on-demand"), (.spot, "spot"), (.scheduled, "scheduled"), (.capacityBlock, "capacity-block"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// Why an instance is in its state, in AWS's words: `Client.UserInitiatedShutdown`, `Server.SpotInstanceTermination`.
package struct EC2StateReason: Sendable, Hashable, Codable {
    package var code: String
    package var message: String?

    /// Of these facts, as AWS would tell them.
    package init(code: String, message: String? = nil) {
        self.code = code
        self.message = message
    }
}

/// A tag: a key and a value, both with case.
package struct AWSTag: Sendable, Hashable, Codable {
    package var key: String
    package var value: String

    /// A tag of these.
    package init(key: String, value: String) { (self.key, self.value) = (key, value) }
}

/// What DescribeInstances says about one instance.
package struct EC2Instance: Sendable, Hashable, Codable, Identifiable {
    package var id: EC2InstanceID
    package var state: EC2InstanceState
    /// When it was last launched: a stopped instance that is started again gets a new time. Whole seconds.
    package var launchTime: AWSInstant?
    package var instanceType: String?
    package var imageID: String?
    package var availabilityZone: String?
    package var subnetID: String?
    package var vpcID: String?
    package var privateAddress: String?
    package var publicAddress: String?
    /// Absent for IPv4-only instances.
    package var ipv6Address: String?
    package var privateDNSName: String?
    package var publicDNSName: String?
    package var lifecycle: EC2Lifecycle
    package var stateReason: EC2StateReason?
    /// Free text with a date inside, `User initiated (2026-11-24 05:42:42 GMT)`; empty while it runs.
    package var transitionReason: String?
    /// The ARN of the instance profile, if it has one.
    package var instanceProfileARN: String?
    package var tags: [String: String]

    /// Of these facts, as AWS would tell them.
    package init(
        id: EC2InstanceID, state: EC2InstanceState, launchTime: AWSInstant? = nil, instanceType: String? = nil,
        imageID: String? = nil, availabilityZone: String? = nil, subnetID: String? = nil, vpcID: String? = nil,
        privateAddress: String? = nil, publicAddress: String? = nil, ipv6Address: String? = nil,
        privateDNSName: String? = nil, publicDNSName: String? = nil, lifecycle: EC2Lifecycle = .onDemand,
        stateReason: EC2StateReason? = nil, transitionReason: String? = nil, instanceProfileARN: String? = nil,
        tags: [String: String] = [:]
    ) {
        self.id = id
        self.state = state
        self.launchTime = launchTime
        self.instanceType = instanceType
        self.imageID = imageID
        self.availabilityZone = availabilityZone
        self.subnetID = subnetID
        self.vpcID = vpcID
        self.privateAddress = privateAddress
        self.publicAddress = publicAddress
        self.ipv6Address = ipv6Address
        self.privateDNSName = privateDNSName
        self.publicDNSName = publicDNSName
        self.lifecycle = lifecycle
        self.stateReason = stateReason
        self.transitionReason = transitionReason
        self.instanceProfileARN = instanceProfileARN
        self.tags = tags
    }

    /// The group that launched it and watches over it, from the tag only AWS can set.
    package var autoScalingGroup: AutoScalingGroupName? {
        tags["aws:autoscaling:groupName"].map { AutoScalingGroupName($0) }
    }
}

extension EC2Instance: XMLDecodable {
    /// Reads an `item` of `instancesSet`.
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.requiredIdentifier("instanceId")
        state = try xml.requiredChild("instanceState").requiredNamed("name")
        launchTime = try xml.time("launchTime")
        instanceType = xml.text("instanceType")
        imageID = xml.text("imageId")
        availabilityZone = xml.child("placement")?.text("availabilityZone")
        subnetID = xml.text("subnetId")
        vpcID = xml.text("vpcId")
        privateAddress = xml.text("privateIpAddress")
        publicAddress = xml.text("ipAddress")
        ipv6Address = xml.text("ipv6Address")
        privateDNSName = xml.text("privateDnsName")
        publicDNSName = xml.text("dnsName")
        lifecycle = xml.named("instanceLifecycle") ?? .onDemand
        stateReason = xml.child("stateReason").flatMap(EC2StateReason.init)
        transitionReason = xml.text("reason")
        instanceProfileARN = xml.child("iamInstanceProfile")?.text("arn")
        tags = try xml.tags("tagSet")
    }
}

extension EC2StateReason {
    /// Nil where AWS says nothing, which moto writes as an element with nothing in it.
    init?(_ xml: XMLElement) {
        guard let code = xml.text("code") else { return nil }
        self.init(code: code, message: xml.text("message"))
    }
}

extension XMLElement {
    /// EC2's list of tags; a value may be empty, a key may not.
    func tags(_ name: StaticString) throws(XMLFault) -> [String: String] {
        var tags: [String: String] = [:]
        for item in child(name)?.children("item") ?? [] {
            tags[try item.required("key")] = item.text("value") ?? ""
        }
        return tags
    }
}

/// What an instance was and what it is after a call that changes that.
package struct EC2StateChange: Sendable, Hashable, Codable {
    package var id: EC2InstanceID
    package var previous: EC2InstanceState
    package var current: EC2InstanceState

    /// Of these facts, as AWS would tell them.
    package init(id: EC2InstanceID, previous: EC2InstanceState, current: EC2InstanceState) {
        self.id = id
        self.previous = previous
        self.current = current
    }
}

extension EC2StateChange: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.requiredIdentifier("instanceId")
        previous = try xml.requiredChild("previousState").requiredNamed("name")
        current = try xml.requiredChild("currentState").requiredNamed("name")
    }
}
