// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import Glibc
import Scheduling

/// The folder of zone files (tzfile(5)) of a machine.
package struct ZoneFolder: Sendable {
    private static let mostBytes = 1 << 20
    private static let magic = Array("TZif".utf8)
    package let path: String

    /// `/usr/share/zoneinfo` on every Linux that has zones.
    package init(path: String = "/usr/share/zoneinfo") { self.path = path }

    /// The content of a zone's file; nil when there is none of that name, or it cannot be read.
    func bytes(of name: String) -> [UInt8]? { content(of: name, most: Self.mostBytes) }

    /// The names of its zones. Nothing is read before it is asked for.
    package var names: TimeZoneNames {
        TimeZoneNames(
            isZone: { name in
                if content(of: name, most: Self.magic.count) == Self.magic { return true }
                // UTC is in every tzdata: where it is missing, there is none.
                return content(of: "UTC", most: Self.magic.count) == nil ? nil : false
            },
            all: { zones(below: "", depth: 0) })
    }

    private func content(of name: String, most: Int) -> [UInt8]? {
        guard ZoneRules.isName(name) else { return nil }
        // Not by stdio, whose list of files is locked by whoever flushes them all.
        let file = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: most)
        var filled = 0
        while filled < most {
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + filled }, most - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            filled += count
        }
        return filled > 0 ? Array(buffer.prefix(filled)) : nil
    }

    /// `America/Argentina/Ushuaia` is as deep as names go. The copies below `posix` and `right` are no names.
    private func zones(below prefix: String, depth: Int) -> [String] {
        guard depth < 3, let folder = opendir("\(path)/\(prefix)") else { return [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
                start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.first?.isUppercase == true, ZoneRules.isName(name) else { continue }
            let full = prefix.isEmpty ? name : "\(prefix)/\(name)"
            let below = zones(below: full, depth: depth + 1)
            if !below.isEmpty {
                found += below
            } else if content(of: full, most: Self.magic.count) == Self.magic {
                found.append(full)
            }
        }
        return found.sorted()
    }
}
