// SPDX-License-Identifier: Apache-2.0
import Glibc

/// IP addresses as texts, by the C library (inet_pton(3)).
enum IPAddressText {
    /// The address in its one usual spelling; nil for anything else.
    static func canonical(_ text: String) -> String? {
        guard text.utf8.count < Int(INET6_ADDRSTRLEN), !text.utf8.contains(0) else { return nil }
        for family in [AF_INET, AF_INET6] {
            var address = in6_addr()
            guard inet_pton(family, text, &address) == 1 else { continue }
            var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard inet_ntop(family, &address, &room, socklen_t(room.count)) != nil else { return nil }
            return String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return nil
    }
}
