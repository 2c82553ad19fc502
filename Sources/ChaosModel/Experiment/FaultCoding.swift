// SPDX-License-Identifier: Apache-2.0

extension FaultAction {
    /// The manifest keys, one for each service.
    package static let keys = ["ec2", "autoScaling", "elb"]
}

extension FaultAction {
    init(in container: KeyedDecodingContainer<AnyKey>) throws {
        let key = try container.onlyKey(of: Self.keys)
        switch key.stringValue {
        case "ec2": self = .ec2(try container.decode(Wrapped<EC2Action>.self, forKey: key).action)
        case "autoScaling": self = .autoScaling(try container.decode(AutoScalingAction.self, forKey: key))
        default: self = .elb(try container.decode(Wrapped<ELBAction>.self, forKey: key).action)
        }
    }

    func encode(to container: inout KeyedEncodingContainer<AnyKey>) throws {
        switch self {
        case .ec2(let action): try container.encode(Wrapped(action: action), forKey: AnyKey("ec2"))
        case .autoScaling(let action): try container.encode(action, forKey: AnyKey("autoScaling"))
        case .elb(let action): try container.encode(Wrapped(action: action), forKey: AnyKey("elb"))
        }
    }
}

extension FaultAction: Codable {
    package init(from decoder: any Decoder) throws {
        self = try FaultAction(in: try decoder.container(keyedBy: AnyKey.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try encode(to: &container)
    }
}

extension FaultSpec: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        name = try container.decode(String.self, forKey: AnyKey("name"))
        action = try FaultAction(in: container)
        targets = try container.decode(TargetsSpec.self, forKey: AnyKey("targets"))
        duration = try container.decodeIfPresent(WrittenDuration.self, forKey: AnyKey("duration"))
        after = try container.decodeIfPresent(String.self, forKey: AnyKey("after"))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try container.encode(name, forKey: AnyKey("name"))
        try action.encode(to: &container)
        try container.encode(targets, forKey: AnyKey("targets"))
        try container.encodeIfPresent(duration, forKey: AnyKey("duration"))
        try container.encodeIfPresent(after, forKey: AnyKey("after"))
    }
}

/// `{ action: … }`
private struct Wrapped<Action: Codable>: Codable {
    var action: Action
}

extension AutoScalingAction: Codable {
    private enum Key: String, CodingKey { case action, decrementDesiredCapacity, processes }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let action = try container.decode(String.self, forKey: .action)
        // Absent means that the group keeps its size and replaces the lost member.
        let decrement = try container.decodeIfPresent(Bool.self, forKey: .decrementDesiredCapacity) ?? false
        switch action {
        case "terminate":
            self = .terminate(decrementDesiredCapacity: decrement)
        case "detach":
            self = .detach(decrementDesiredCapacity: decrement)
        case "suspendProcesses":
            self = .suspendProcesses(try container.decode([String].self, forKey: .processes))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .action, in: container, debugDescription: "\(action) is not an autoScaling action")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .terminate(let decrement):
            try container.encode("terminate", forKey: .action)
            try container.encode(decrement, forKey: .decrementDesiredCapacity)
        case .detach(let decrement):
            try container.encode("detach", forKey: .action)
            try container.encode(decrement, forKey: .decrementDesiredCapacity)
        case .suspendProcesses(let processes):
            try container.encode("suspendProcesses", forKey: .action)
            try container.encode(processes, forKey: .processes)
        }
    }
}
