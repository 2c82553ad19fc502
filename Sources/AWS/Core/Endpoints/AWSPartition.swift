// SPDX-License-Identifier: Apache-2.0

/// A set of regions with its own accounts and domain names.
package enum AWSPartition: String, Sendable, CaseIterable {
    case aws
    case china = "aws-cn"
    case usGov = "aws-us-gov"

    /// The partition a region's name belongs to by AWS's patterns (`<area>-<word>-<number>`), nil for others.
    package init?(region: String) {
        let parts = region.split(separator: "-", omittingEmptySubsequences: false)
        guard let number = parts.last, !number.isEmpty, number.utf8.allSatisfy({ (48...57).contains($0) }),
            parts.allSatisfy({ !$0.isEmpty })
        else { return nil }
        switch (parts.count, parts[0]) {
        case (4, "us") where parts[1] == "gov": self = .usGov
        case (3, "cn"): self = .china
        case (3, let area) where Self.areas.contains(area): self = .aws
        default: return nil
        }
    }

    private static let areas: Set<Substring> = ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]

    var domain: String { self == .china ? "amazonaws.com.cn" : "amazonaws.com" }

    var dualStackDomain: String { self == .china ? "api.amazonwebservices.com.cn" : "api.aws" }
}

/// The rule of region names wherever one comes from: it becomes part of a host name and of a signature.
enum AWSRegionName {
    static func check(_ region: String, from origin: String) throws(AWSError) -> String {
        let isSafe = region.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isSafe, (1...63).contains(region.utf8.count), !region.hasPrefix("-"), !region.hasSuffix("-") else {
            throw AWSError(
                code: .invalidConfiguration, message: "\(origin) gives the region \"\(region)\", which cannot be one.",
                hint: "Use a region's name, such as eu-west-1.", service: "configuration", action: "region")
        }
        return region
    }
}
