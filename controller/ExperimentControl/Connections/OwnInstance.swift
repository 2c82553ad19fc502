// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which EC2 instance this controller runs on, found without asking the network.
package enum OwnInstance {
    /// The instance id that the firmware of a Nitro instance states
    /// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html); nil off EC2.
    package static func detect(sysfs: String = "/sys") -> String? {
        let tag = read(sysfs + "/devices/virtual/dmi/id/board_asset_tag")
        return isInstanceID(tag) ? tag : nil
    }

    static func isInstanceID(_ text: String) -> Bool {
        text.hasPrefix("i-") && (10...19).contains(text.utf8.count)
            && text.utf8.dropFirst(2).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count).prefix { $0 > 32 }, as: UTF8.self)
    }
}
