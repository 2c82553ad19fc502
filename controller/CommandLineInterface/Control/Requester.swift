// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Who asks, as far as this machine knows.
package enum Requester {
    /// `ana@ops-1`, or `root@ops-1 (sudo by ana)`.
    package static func current(environment: [String: String]) -> String {
        let sudo = environment["SUDO_USER"].map { " (sudo by \($0))" } ?? ""
        return "\(userName)@\(hostName)" + sudo
    }

    private static var userName: String {
        let id = getuid()
        guard let entry = getpwuid(id), let name = entry.pointee.pw_name else { return "uid-\(id)" }
        return String(cString: name)
    }

    /// At most 64 bytes (gethostname(2)); the buffer leaves room for the closing zero.
    package static var hostName: String {
        var buffer = [UInt8](repeating: 0, count: 66)
        let failure = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { name in
                name.baseAddress.map { gethostname($0, name.count - 1) } ?? -1
            }
        }
        return failure == 0 ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : "unknown-host"
    }
}
