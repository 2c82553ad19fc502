// SPDX-License-Identifier: Apache-2.0
import FaultModel
package import HostSystem

/// The packets that no network fault touches: those by which the host is found, reached and told to stop.
///
/// Each is a protocol of tc-flower(8) and what must hold of the packet.
package struct RoadHome: Sendable, Equatable {
    package struct Packets: Sendable, Equatable {
        /// `arp`, `ip` or `ipv6`.
        package var family: String
        package var keys: [String]
    }

    package private(set) var packets: [Packets] = []

    /// Found on the host, beside `addresses`. Names and time are left alone unless the fault is aimed at their ports.
    package init(addresses: [String], aimedAt ports: [ClosedRange<Int>], secureShellPorts: Set<Int>) {
        packets.append(Packets(family: "arp", keys: []))
        // Router and neighbour discovery (RFC 4861).
        for type in 133...137 { add("ipv6", "ip_proto icmpv6 type \(type)") }
        add("ip", "ip_proto udp dst_port 67")
        add("ipv6", "ip_proto udp dst_port 547")
        // What sshd answers, on connections that are open and on new ones.
        for port in secureShellPorts.sorted() { both("ip_proto tcp src_port \(port)") }
        // The metadata service of EC2.
        add("ip", "dst_ip 169.254.169.254")
        add("ipv6", "dst_ip fd00:ec2::254")
        for (port, transports) in [(53, ["udp", "tcp"]), (123, ["udp"])] where !ports.contains(where: { $0 ~= port }) {
            for transport in transports { both("ip_proto \(transport) dst_port \(port)") }
        }
        for address in addresses { add(address.contains(":") ? "ipv6" : "ip", "dst_ip \(address)") }
    }

    /// The ports at which a process named sshd listens, and 22: systemd may listen for it.
    package static func secureShellPorts() throws(HostError) -> Set<Int> {
        var sockets: Set<String> = []
        for facts in try ProcessFacts.all() where facts.executable?.hasSuffix("/sshd") == true {
            let folder = "/proc/\(facts.identity.process)/fd"
            // One that has ended meanwhile holds no port.
            for name in (try? HostFile.names(in: folder)) ?? [] {
                if let link = HostFile.link("\(folder)/\(name)") { sockets.insert(link) }
            }
        }
        var ports: Set<Int> = [22]
        for table in ["tcp", "tcp6"] {
            ports.formUnion(listening(HostFile.text("/proc/net/\(table)", limit: 16 << 20) ?? "", sockets))
        }
        return ports
    }

    /// The local ports of the rows of a table of proc(5), net/tcp, that listen through one of the sockets.
    static func listening(_ table: String, _ sockets: Set<String>) -> [Int] {
        table.split(separator: "\n").dropFirst().compactMap { row in
            let fields = row.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", sockets.contains("socket:[\(fields[9])]"),
                let digits = fields[1].split(separator: ":").last
            else { return nil }
            return Int(digits, radix: 16)
        }
    }

    private mutating func add(_ family: String, _ keys: String) {
        packets.append(Packets(family: family, keys: keys.split(separator: " ").map(String.init)))
    }

    private mutating func both(_ keys: String) {
        add("ip", keys)
        add("ipv6", keys)
    }
}
