// SPDX-License-Identifier: Apache-2.0

extension TextRule {
    /// How an ARN begins, for patterns; the partitions are those of `ARN`.
    private static let arn = "arn:aws(-cn|-us-gov|-iso(-[bef])?|-eusc)?"

    /// Region names as in AWS General Reference, "Service endpoints and quotas": parts, then a number.
    package static let region = TextRule(
        "a region such as eu-west-1", pattern: "^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", maximumLength: 32
    ) { text in
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, let number = parts.last, (2...4).contains(parts[0].utf8.count) else { return false }
        return parts.dropLast().allSatisfy { !$0.isEmpty && TextBytes.all($0, "", TextBytes.isLower) }
            && (1...2).contains(number.utf8.count) && TextBytes.all(number, "", TextBytes.isDigit)
    }

    /// A zone is its region with a letter, or a local zone with more parts.
    package static let zone = TextRule(
        "an availability zone such as eu-west-1a",
        pattern: "^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}(-[a-z]{3}-[0-9])?[a-z]$", maximumLength: 40
    ) { text in
        guard let last = text.utf8.last, TextBytes.isLower(last) else { return false }
        let parts = text.dropLast().split(separator: "-", omittingEmptySubsequences: false)
        let isLocal =
            parts.count >= 5 && parts[parts.count - 2].utf8.count == 3
            && TextBytes.all(parts[parts.count - 2], "", TextBytes.isLower) && parts[parts.count - 1].utf8.count == 1
        let regionParts = isLocal ? parts.dropLast(2) : parts[...]
        let digits = !isLocal || TextBytes.all(parts[parts.count - 1], "", TextBytes.isDigit)
        return digits && region.matches(regionParts.joined(separator: "-"))
    }

    /// EC2 User Guide, "Resource IDs": 8 or 17 hexadecimal digits.
    package static let instanceID = TextRule(
        "an instance id such as i-0123456789abcdef0", pattern: "^i-([0-9a-f]{8}|[0-9a-f]{17})$", maximumLength: 19
    ) { text in
        text.hasPrefix("i-") && [8, 17].contains(text.utf8.count - 2)
            && text.utf8.dropFirst(2).allSatisfy { TextBytes.isDigit($0) || (97...102).contains($0) }
    }

    /// EC2 User Guide, "Tag restrictions". Wildcards are refused, as EC2's filters would widen on them.
    package static let tagKey = TextRule(
        "a tag key of at most 128 characters without wildcards, and not beginning with a space",
        pattern: "^[^\\s*?\\\\\\u0000-\\u001f]([^*?\\\\\\u0000-\\u001f]*[^\\s*?\\\\\\u0000-\\u001f])?$",
        maximumLength: 128
    ) { isTag($0) }

    /// As keys, up to 256 characters; an empty value is refused, as it is more often a slip than meant.
    package static let tagValue = TextRule(
        "a tag value of at most 256 characters without wildcards, and not beginning or ending with a space",
        pattern: "^[^\\s*?\\\\\\u0000-\\u001f]([^*?\\\\\\u0000-\\u001f]*[^\\s*?\\\\\\u0000-\\u001f])?$",
        maximumLength: 256
    ) { isTag($0) }

    private static func isTag(_ text: String) -> Bool {
        !TextBytes.hasWildcard(text) && TextBytes.isPrintable(text) && text.first?.isWhitespace == false
            && text.last?.isWhitespace == false
    }

    /// Auto Scaling API, CreateAutoScalingGroup: up to 255 characters, no colon.
    package static let groupName = TextRule(
        "the name of an Auto Scaling group, at most 255 characters, without colons or wildcards",
        pattern: "^[^\\s:*?\\\\\\u0000-\\u001f]([^:*?\\\\\\u0000-\\u001f]*[^\\s:*?\\\\\\u0000-\\u001f])?$",
        maximumLength: 255
    ) { isTag($0) && !$0.utf8.contains(UInt8(ascii: ":")) }

    /// ELBv2 API, CreateTargetGroup: a name of at most 32 letters, digits and inner dashes; or the ARN.
    package static let targetGroup = TextRule(
        "a target group's name or ARN",
        pattern: "^([A-Za-z0-9]([-A-Za-z0-9]{0,30}[A-Za-z0-9])?"
            + "|\(arn):elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:targetgroup/[A-Za-z0-9-]+/[0-9a-f]+)$",
        maximumLength: 256
    ) { text in
        if text.hasPrefix("arn:") {
            guard let arn = ARN(text), arn.service == "elasticloadbalancing" else { return false }
            let parts = arn.resource.split(separator: "/", omittingEmptySubsequences: false)
            return arn.isRegional && parts.count == 3 && parts[0] == "targetgroup" && !parts[1].isEmpty
                && TextBytes.all(parts[1], "-", TextBytes.isAlphanumeric) && !parts[2].isEmpty
                && parts[2].utf8.allSatisfy { TextBytes.isDigit($0) || (97...102).contains($0) }
        }
        return text.utf8.count <= 32 && TextBytes.all(text, "-", TextBytes.isAlphanumeric)
            && text.utf8.first != UInt8(ascii: "-") && text.utf8.last != UInt8(ascii: "-")
    }

    package static let roleARN = TextRule(
        "a role's ARN such as arn:aws:iam::123456789012:role/chaos",
        pattern: "^\(arn):iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$",
        maximumLength: 2_048
    ) { text in
        guard let arn = ARN(text), arn.service == "iam", arn.region.isEmpty, arn.hasAccount else { return false }
        let name = arn.resource.dropFirst("role/".count)
        return arn.resource.hasPrefix("role/") && !name.isEmpty
            && TextBytes.all(name, "+=,.@_/-", TextBytes.isAlphanumeric)
    }

    package static let topicARN = TextRule(
        "a topic's ARN such as arn:aws:sns:eu-west-1:123456789012:chaos",
        pattern: "^\(arn):sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\\.fifo)?$",
        maximumLength: 512
    ) { text in
        guard let arn = ARN(text), arn.service == "sns", arn.isRegional else { return false }
        let name = arn.resource.hasSuffix(".fifo") ? arn.resource.dropLast(5) : arn.resource[...]
        return (1...256).contains(name.utf8.count) && TextBytes.all(name, "_-", TextBytes.isAlphanumeric)
    }

    /// Lambda API, Invoke: a name, `name:alias`, or an ARN.
    package static let lambdaFunction = TextRule(
        "a function's name or ARN",
        pattern: "^(\(arn):lambda:[a-z0-9-]+:[0-9]{12}:function:)?[A-Za-z0-9_-]{1,140}"
            + "(:(\\$LATEST|[A-Za-z0-9_-]+))?$",
        maximumLength: 256
    ) { text in
        var name = text[...]
        if text.hasPrefix("arn:") {
            guard let arn = ARN(text), arn.service == "lambda", arn.isRegional, arn.resource.hasPrefix("function:")
            else {
                return false
            }
            name = arn.resource.dropFirst("function:".count)
        }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...140).contains(parts[0].utf8.count) else { return false }
        let hasQualifier =
            parts.count == 1 || parts[1] == "$LATEST"
            || !parts[1].isEmpty && TextBytes.all(parts[1], "_-", TextBytes.isAlphanumeric)
        return hasQualifier && TextBytes.all(parts[0], "_-", TextBytes.isAlphanumeric)
    }

    package static let account = TextRule(
        "an account id of 12 digits, in quotes", pattern: "^[0-9]{12}$", maximumLength: 12
    ) { $0.utf8.count == 12 && TextBytes.all($0, "", TextBytes.isDigit) }

    /// STS API, AssumeRole.
    package static let externalID = TextRule(
        "an external id of 2 to 1,224 letters, digits and +=,.@:/-_",
        pattern: "^[A-Za-z0-9+=,.@:/_-]{2,1224}$", maximumLength: 1_224
    ) { $0.utf8.count >= 2 && TextBytes.all($0, "+=,.@:/-_", TextBytes.isAlphanumeric) }

    /// CloudWatch API: names of alarms, metrics, namespaces and dimensions.
    package static let cloudWatchName = TextRule(
        "a name of at most 255 characters", pattern: "^[^\\u0000-\\u001f\\u007f]+$", maximumLength: 255
    ) { TextBytes.isPrintable($0) }

    package static let statistic = TextRule(
        "Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p99.9",
        pattern: "^(Average|Sum|Minimum|Maximum|SampleCount|p(100|[0-9]{1,2}(\\.[0-9]{1,10})?))$", maximumLength: 16
    ) { text in
        if ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "p100"].contains(text) { return true }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        return text.first == "p" && (1...2).contains(parts.count) && (1...2).contains(parts[0].utf8.count)
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 10 && TextBytes.all($0, "", TextBytes.isDigit) }
    }
}

/// An Amazon Resource Name, taken apart: `arn:partition:service:region:account:resource`.
package struct ARN: Sendable, Hashable {
    package var partition: String
    package var service: String
    package var region: String
    package var account: String
    package var resource: String

    /// Nil when the text is not an ARN of a known partition (aws, aws-cn, aws-us-gov, aws-iso…).
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn", Self.partitions.contains(parts[1]),
            !parts[2].isEmpty, !parts[5].isEmpty
        else { return nil }
        partition = parts[1]
        service = parts[2]
        region = parts[3]
        account = parts[4]
        resource = parts[5]
    }

    var hasAccount: Bool { TextRule.account.matches(account) }

    /// Whether it names an account and a region, and the region lies in the partition.
    var isRegional: Bool { TextRule.region.matches(region) && hasAccount && Self.partition(of: region) == partition }

    /// The partitions in botocore's list of endpoints.
    private static let partitions: Set<String> = [
        "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc",
    ]

    private static func partition(of region: String) -> String {
        let prefixes = [
            ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-iso-", "aws-iso"),
            ("eu-isoe-", "aws-iso-e"), ("us-isof-", "aws-iso-f"), ("eusc-", "aws-eusc"),
        ]
        return prefixes.first { region.hasPrefix($0.0) }?.1 ?? "aws"
    }
}
