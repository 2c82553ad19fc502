// SPDX-License-Identifier: Apache-2.0

/// The parts of an ARN that say where a call goes
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
struct ARNParts {
    let region: String?
    let account: String

    init?(_ arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn" else { return nil }
        region = parts[3].isEmpty ? nil : String(parts[3])
        account = String(parts[4])
    }
}
