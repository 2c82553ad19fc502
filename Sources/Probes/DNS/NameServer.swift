// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The first `nameserver` of /etc/resolv.conf (resolv.conf(5)), or nil. Read when a probe is planned.
func firstConfiguredNameServer(in path: String = "/etc/resolv.conf") -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = line.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } } ?? ""
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "\n" }
        if words.count >= 2, words[0] == "nameserver" {
            return words[1].contains(":") ? "[\(words[1])]" : String(words[1])
        }
    }
    return nil
}

/// `address`, `address:port`, `[address]` or `[address]:port`; the port is 53 where none is given.
func hostAndPort(_ text: String) -> (host: String, port: Int)? {
    if text.hasPrefix("[") {
        guard let end = text.firstIndex(of: "]") else { return nil }
        let host = String(text[text.index(after: text.startIndex)..<end])
        let rest = text[text.index(after: end)...]
        if rest.isEmpty { return (host, 53) }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()) else { return nil }
        return (host, port)
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch parts.count {
    case 1: return (text, 53)
    case 2: return Int(parts[1]).map { (String(parts[0]), $0) }
    default: return (text, 53)
    }
}

/// The one way of writing a numeric address, or nil.
func normalisedAddress(_ text: String) -> String? {
    var room = in6_addr()
    var written = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    for family in [AF_INET, AF_INET6] where inet_pton(family, text, &room) == 1 {
        return inet_ntop(family, &room, &written, socklen_t(written.count)).map { String(cString: $0) }
    }
    return nil
}
