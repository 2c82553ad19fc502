// SPDX-License-Identifier: Apache-2.0
import FaultModel

/// What netem is told, and what it must show when it is asked.
struct NetworkEffect {
    let spec: NetworkFaultSpec

    init(_ spec: NetworkFaultSpec) { self.spec = spec }

    /// Packets that may wait at once: 100 ms of 10 Gbit/s in packets of 1,500 bytes.
    private static let limit = 100_000

    /// The words of tc-netem(8).
    var words: [String] {
        var words = ["netem", "limit", "\(Self.limit)"]
        if spec.blackhole { return words + ["loss", "100%"] }
        if let delay = spec.delay {
            words += ["delay", Self.time(delay)]
            if let jitter = spec.jitter { words.append(Self.time(jitter)) }
            if let correlation = spec.correlation { words.append("\(correlation)%") }
            // uniform is how netem is without a table.
            if let distribution = spec.distribution, distribution != .uniform {
                words += ["distribution", distribution.rawValue]
            }
        }
        for (name, part) in parts { words += [name, "\(part)%"] }
        if let rate = spec.rateKilobitsPerSecond { words += ["rate", "\(rate)kbit"] }
        return words
    }

    private var parts: [(String, Double)] {
        [("loss", spec.loss), ("duplicate", spec.duplicate), ("corrupt", spec.corrupt), ("reorder", spec.reorder)]
            .compactMap { name, part in part.map { (name, $0) } }
    }

    /// tc reads these in microseconds at the finest.
    private static func time(_ duration: Duration) -> String { "\((duration.wholeNanoseconds + 500) / 1_000)us" }

    /// What the kernel shows otherwise than it was told; nil when all is as told. Times were told in
    /// microseconds, and the kernel keeps parts in 2^-32.
    func difference(from options: ManifestNode) -> String? {
        let loss = spec.blackhole ? 100 : spec.loss
        let wanted: [(String, String, Double?, Double)] = [
            ("delay", "delay", spec.delay?.inSeconds, 1e-6), ("delay", "jitter", spec.jitter?.inSeconds, 1e-6),
            ("loss-random", "loss", loss.map { $0 / 100 }, 1e-6),
            ("duplicate", "duplicate", spec.duplicate.map { $0 / 100 }, 1e-6),
            ("corrupt", "corrupt", spec.corrupt.map { $0 / 100 }, 1e-6),
            ("reorder", "reorder", spec.reorder.map { $0 / 100 }, 1e-6),
            ("rate", "rate", spec.rateKilobitsPerSecond.map { Double($0) * 125 }, 1),
        ]
        for (group, name, value, tolerance) in wanted {
            let shown = options[group]?[name]?.decimal
            if abs((shown ?? 0) - (value ?? 0)) > tolerance {
                return "\(name) is \(shown ?? 0) and was set to \(value ?? 0)"
            }
        }
        return nil
    }

    /// The packets that are meant, as tc-flower(8) is told. No destination is every packet.
    static func packets(_ destinations: [NetworkFaultSpec.Destination]) -> [RoadHome.Packets] {
        if destinations.isEmpty { return [RoadHome.Packets(family: "all", keys: [])] }
        return destinations.flatMap { destination -> [RoadHome.Packets] in
            let families = destination.cidr.map { [$0.contains(":") ? "ipv6" : "ip"] } ?? ["ip", "ipv6"]
            return families.flatMap { family in packets(destination, family: family) }
        }
    }

    private static func packets(_ destination: NetworkFaultSpec.Destination, family: String) -> [RoadHome.Packets] {
        let address = destination.cidr.map { ["dst_ip", $0] } ?? []
        let transports: [String]
        switch destination.transport {
        case .tcp: transports = ["tcp"]
        case .udp: transports = ["udp"]
        case .icmp: transports = [family == "ip" ? "icmp" : "icmpv6"]
        case nil: transports = destination.ports.isEmpty ? [] : ["tcp", "udp"]
        }
        if transports.isEmpty { return [RoadHome.Packets(family: family, keys: address)] }
        return transports.flatMap { transport in
            let head = address + ["ip_proto", transport]
            if destination.ports.isEmpty { return [RoadHome.Packets(family: family, keys: head)] }
            return destination.ports.map { range in
                let ports = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
                return RoadHome.Packets(family: family, keys: head + ["dst_port", ports])
            }
        }
    }
}
