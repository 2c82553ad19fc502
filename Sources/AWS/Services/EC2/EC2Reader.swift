// SPDX-License-Identifier: Apache-2.0

/// A condition on instances: the value of `name` is one of `values`, where `*` and `?` match as in a shell. Several
/// filters must all hold (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html).
package struct EC2Filter: Sendable, Hashable, Codable {
    package var name: String
    package var values: [String]

    /// A filter by AWS's own name for it.
    package init(name: String, values: [String]) { (self.name, self.values) = (name, values) }

    /// The tag has one of these very values: characters that would match others are escaped.
    package static func tag(_ key: String, _ values: String...) -> EC2Filter {
        EC2Filter(name: "tag:\(key)", values: values.map(literally))
    }

    /// `\` before `*`, `?` and itself, as the API reference asks.
    private static func literally(_ value: String) -> String {
        value.reduce(into: "") { result, character in
            if "*?\\".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    /// The instance is in one of these states.
    package static func state(_ states: EC2InstanceState...) -> EC2Filter {
        EC2Filter(name: "instance-state-name", values: states.map(\.awsName))
    }

    /// The instance was launched by this group.
    package static func autoScalingGroup(_ group: AutoScalingGroupName) -> EC2Filter {
        .tag("aws:autoscaling:groupName", group.rawValue)
    }
}

/// The half of EC2 that changes nothing: it holds no call that could.
package struct EC2Reader: Sendable {
    let client: AWSClient

    /// Reads with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// These instances, all of them: one that AWS does not know, or leaves out although no filter speaks against it, is
    /// `.notFound`. No ids, no call, no instances. Asks for 200 at a time.
    package func describeInstances(
        ids: [EC2InstanceID], filters: [EC2Filter] = []
    ) async throws(AWSError) -> [EC2Instance] {
        var all: [EC2Instance] = []
        for piece in ids.pieces(of: 200) {
            var form = QueryForm()
            form.add(list: "InstanceId", piece.map(\.rawValue))
            try form.add(filters, action: "DescribeInstances")
            all += try await client.everyPage(of: .read(.ec2, "DescribeInstances", form), Self.instances)
        }
        let found = all.newestOfEach()
        if filters.isEmpty { try Self.confirm(ids, among: found) }
        return found
    }

    private static func confirm(_ ids: [EC2InstanceID], among found: [EC2Instance]) throws(AWSError) {
        let missing = Set(ids).subtracting(found.map(\.id)).sorted()
        guard let first = missing.first else { return }
        throw AWSError(
            code: .notFound, message: "\(missing.count) of \(ids.count) instances were left out, \(first) for one",
            hint: "Check the ids, the region and the account; AWS forgets an instance an hour after its end.",
            service: AWSService.ec2.signingName, action: "DescribeInstances")
    }

    /// The instances for which all `filters` hold. No filter at all is `.invalidRequest`: that would be everything,
    /// which `describeEveryInstance` says outright. An instance that moves between pages is listed once.
    ///
    /// What `isWanted` refuses is forgotten at once, so that a choice made here costs the memory of the chosen only.
    package func describeInstances(
        filters: [EC2Filter], where isWanted: (EC2Instance) -> Bool = { _ in true }
    ) async throws(AWSError) -> [EC2Instance] {
        guard !filters.isEmpty else {
            throw .invalid(
                .ec2, "DescribeInstances", "no filter was given",
                hint: "Give at least one filter, or ask for every instance by name.")
        }
        return try await describe(filters, isWanted)
    }

    /// Every instance of the account and region, also those that are terminated but not yet forgotten.
    package func describeEveryInstance(
        where isWanted: (EC2Instance) -> Bool = { _ in true }
    ) async throws(AWSError) -> [EC2Instance] {
        try await describe([], isWanted)
    }

    private func describe(
        _ filters: [EC2Filter], _ isWanted: (EC2Instance) -> Bool
    ) async throws(AWSError) -> [EC2Instance] {
        var form = QueryForm()
        try form.add(filters, action: "DescribeInstances")
        form.add("MaxResults", 1000)
        var wanted: [EC2Instance] = []
        let call = AWSCall.read(.ec2, "DescribeInstances", form)
        try await client.eachPage(of: call, Self.instances) { (page: [EC2Instance]) throws(AWSError) in
            wanted += page.filter(isWanted)
            return false
        }
        return wanted.newestOfEach()
    }

    /// The status checks of these instances, those that do not run too if `includeAll`; else AWS leaves them out.
    /// Asks for 100 at a time, the most AWS takes.
    package func describeInstanceStatus(
        ids: [EC2InstanceID], includeAll: Bool
    ) async throws(AWSError) -> [EC2InstanceStatus] {
        var all: [EC2InstanceStatus] = []
        for piece in ids.pieces(of: 100) {
            var form = QueryForm()
            form.add(list: "InstanceId", piece.map(\.rawValue))
            form.add("IncludeAllInstances", includeAll)
            all += try await client.everyPage(of: .read(.ec2, "DescribeInstanceStatus", form), Self.statuses)
        }
        return all
    }

    /// Whether the instance is protected against an end or a stop through the API.
    package func isProtected(
        _ id: EC2InstanceID, against protection: EC2Protection
    ) async throws(AWSError) -> Bool {
        var form = QueryForm()
        form.add("InstanceId", id.rawValue)
        form.add("Attribute", protection.rawValue)
        let call = AWSCall.read(.ec2, "DescribeInstanceAttribute", form)
        let reply = try await client.call(call)
        let answer: ProtectionAnswer = try reply.value(of: call, root: "DescribeInstanceAttributeResponse")
        guard let isOn = protection == .termination ? answer.termination : answer.stop else {
            let fault = XMLFault(
                path: "DescribeInstanceAttributeResponse.\(protection.rawValue).value", problem: "is missing")
            throw .malformed(call, fault, requestID: reply.requestID, status: reply.status)
        }
        return isOn
    }
}

/// What an instance may be protected against; the raw value is the attribute's name.
package enum EC2Protection: String, Sendable, Codable, CaseIterable {
    case termination = "disableApiTermination"
    case stop = "disableApiStop"
}

private struct ProtectionAnswer: XMLDecodable {
    var termination: Bool?
    var stop: Bool?

    init(xml: XMLElement) throws(XMLFault) {
        termination = try xml.child("disableApiTermination")?.bool("value")
        stop = try xml.child("disableApiStop")?.bool("value")
    }
}

extension EC2Reader {
    /// Four fifths of an instance's bytes are in elements nobody here reads.
    static let instances = ReplyShape(
        root: "DescribeInstancesResponse", list: ["reservationSet"], item: ["item", "instancesSet", "item"],
        ignoring: [
            "networkInterfaceSet", "blockDeviceMapping", "groupSet", "metadataOptions", "cpuOptions", "productCodes",
            "capacityReservationSpecification", "privateDnsNameOptions", "hibernationOptions", "enclaveOptions",
            "maintenanceOptions", "monitoring",
        ], token: "nextToken")
    static let statuses = ReplyShape(
        root: "DescribeInstanceStatusResponse", list: ["instanceStatusSet"], item: ["item"], token: "nextToken")
}

extension QueryForm {
    /// Adds EC2's filters; one without values would be no filter and is refused.
    mutating func add(_ filters: [EC2Filter], action: String) throws(AWSError) {
        for (index, filter) in filters.enumerated() {
            guard !filter.name.isEmpty, !filter.values.isEmpty else {
                throw .invalid(
                    .ec2, action, "filter \(filter.name.debugDescription) has no values",
                    hint: "Give each filter a name and at least one value.")
            }
            add("Filter.\(index + 1).Name", filter.name)
            add(list: "Filter.\(index + 1).Value", filter.values)
        }
    }
}

extension [EC2Instance] {
    /// Each instance once, at its first place, with what was said about it last.
    fileprivate func newestOfEach() -> [EC2Instance] {
        var places: [EC2InstanceID: Int] = [:]
        places.reserveCapacity(count)
        var unique: [EC2Instance] = []
        for instance in self {
            if let place = places[instance.id] {
                unique[place] = instance
            } else {
                places[instance.id] = unique.count
                unique.append(instance)
            }
        }
        return unique
    }
}
