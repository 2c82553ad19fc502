// SPDX-License-Identifier: Apache-2.0

/// A name AWS gave or takes: its own type for each kind, so that an instance is never passed where a group is meant.
package protocol AWSIdentifier: RawRepresentable, Sendable, Hashable, Codable, Comparable, CustomStringConvertible,
    ExpressibleByStringLiteral
where RawValue == String, StringLiteralType == String {
    /// The name as AWS spells it; it is not checked here, AWS refuses what it does not know.
    init(rawValue: String)
}

extension AWSIdentifier {
    /// The name as AWS spells it.
    package init(_ text: String) { self.init(rawValue: text) }
    /// For tests and constants.
    package init(stringLiteral value: String) { self.init(rawValue: value) }
    /// The bare name.
    package var description: String { rawValue }
    /// Byte order of the names, the same on every machine.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// An EC2 instance, `i-0123456789abcdef0`.
package struct EC2InstanceID: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The name of an Auto Scaling group, unique in one account and region.
package struct AutoScalingGroupName: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The ARN of a load balancer's target group.
package struct TargetGroupARN: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The name of a CloudWatch alarm, unique in one account and region.
package struct AlarmName: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The ARN of an SNS topic; a FIFO topic's ends in `.fifo`.
package struct TopicARN: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    /// FIFO topics want a message group and drop duplicates; the suffix is the only mark in the ARN
    /// (https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-ordering.html).
    package var isFIFO: Bool { rawValue.hasSuffix(".fifo") }
}

/// A Lambda function: its name, `account:function:name`, or its whole ARN.
package struct LambdaFunctionName: AWSIdentifier {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}
