// SPDX-License-Identifier: Apache-2.0

/// `network: { delay: 120ms, … }`: what happens to packets that a host sends.
package struct NetworkFaultSpec: Sendable, Equatable {
    package enum Distribution: String, Sendable, CaseIterable { case uniform, normal, pareto, paretonormal }
    package enum TransportProtocol: String, Sendable, CaseIterable { case tcp, udp, icmp }

    /// Packets to one place.
    package struct Destination: Sendable, Equatable {
        /// `10.0.0.0/8` or `2001:db8::1`; nil is everywhere.
        package var cidr: String?
        /// Destination ports of TCP and UDP; empty is any.
        package var ports: [ClosedRange<Int>]
        /// Nil is any; with ports, TCP and UDP.
        package var transport: TransportProtocol?

        package init(cidr: String? = nil, ports: [ClosedRange<Int>] = [], transport: TransportProtocol? = nil) {
            (self.cidr, self.ports, self.transport) = (cidr, ports, transport)
        }
    }

    /// Nil is the interface of the default route.
    package var interface: String?
    package var delay: Duration?
    package var jitter: Duration?
    /// Of a packet's delay with the one's before, in percent.
    package var correlation: Double?
    package var distribution: Distribution?
    /// Percent of packets.
    package var loss: Double?
    package var duplicate: Double?
    package var corrupt: Double?
    package var reorder: Double?
    package var rateKilobitsPerSecond: Int?
    /// Every packet is dropped.
    package var blackhole: Bool
    /// Empty is everything but the road home.
    package var to: [Destination]

    package init() { (blackhole, to) = (false, []) }
}

extension NetworkFaultSpec {
    static let schema = ObjectSchema(
        "NetworkFault", "What happens to packets that the host sends, but for the road home. At least one effect.",
        fields: [
            FieldSchema(
                "interface", .text(.interfaceName), "The interface. Absent: that of the default route.",
                example: "eth0"),
            FieldSchema(
                "delay", .duration(DurationRange(.microseconds(1), .seconds(60))), "Added to each packet, 1us to 1m.",
                example: "120ms"),
            FieldSchema(
                "jitter", .duration(DurationRange(.microseconds(1), .seconds(60))),
                "How far the delay strays to either side; with delay, and no more than it.", example: "20ms"),
            FieldSchema(
                "correlation", .decimal(DecimalRange(0, 100)),
                "How much a packet's delay follows the one before, in percent; with jitter."),
            FieldSchema(
                "distribution", .choice(Distribution.allCases.map(\.rawValue)),
                "How delays are spread; with jitter. Absent: uniform."),
            percent("loss", "Packets that are dropped"), percent("duplicate", "Packets that are sent twice"),
            percent("corrupt", "Packets with one bit flipped"),
            percent("reorder", "Packets that overtake the delayed ones; with delay"),
            FieldSchema(
                "rateKilobitsPerSecond", .integer(1...100_000_000), "What the interface carries at most, in kbit/s.",
                example: "1000"),
            FieldSchema("blackhole", .onlyTrue, "Every packet is dropped; alone."),
            FieldSchema(
                "to", .list(of: .object(destination), unique: true),
                "Only packets to one of these. Absent: all packets."),
        ],
        groups: [
            FieldGroup(
                .atLeastOne,
                ["delay", "loss", "duplicate", "corrupt", "reorder", "rateKilobitsPerSecond", "blackhole"])
        ])

    private static let destination = ObjectSchema(
        "Destination", "Packets to one place.",
        fields: [
            FieldSchema(
                "cidr", .text(.cidr), "An address or a network, IPv4 or IPv6. Absent: everywhere, both families.",
                example: "10.0.0.0/8"),
            FieldSchema(
                "ports", .list(of: .integerOrText(1...65_535, .portRange), unique: true),
                "Destination ports, or ranges. Absent: any.", example: "[5432, \"8000-8099\"]"),
            FieldSchema(
                "protocol", .choice(TransportProtocol.allCases.map(\.rawValue)),
                "Absent: any; with ports, tcp and udp."),
        ], groups: [FieldGroup(.atLeastOne, ["cidr", "ports", "protocol"])])

    private static func percent(_ name: String, _ what: String) -> FieldSchema {
        FieldSchema(name, .decimal(DecimalRange(0, 100, excludesLow: true)), "\(what), in percent.", example: "5")
    }

    static func check(_ node: ManifestNode, path: String, _ rules: inout RuleProblems) {
        for (field, needed) in [
            ("jitter", "delay"), ("correlation", "jitter"), ("distribution", "jitter"), ("reorder", "delay"),
        ] where node[field] != nil && node[needed] == nil {
            rules.report("\(path).\(field)", "has a meaning only with \(needed)", node[field])
        }
        if let delay = node["delay"]?.duration, let jitter = node["jitter"]?.duration, jitter > delay {
            rules.report(
                "\(path).jitter", "more than the delay; packets cannot arrive before they are sent", node["jitter"])
        }
        if node["blackhole"] != nil, let other = (node.entries ?? []).first(where: { !allowedInBlackhole($0.key) }) {
            rules.report(
                "\(path).\(other.key)", "a blackhole drops every packet; nothing else can be done to them", other.value)
        }
        for (index, item) in (node["to"]?.items ?? []).enumerated()
        where item["ports"] != nil && item["protocol"]?.text == "icmp" {
            rules.report("\(path).to[\(index)].ports", "ICMP has no ports", item["ports"])
        }
    }

    private static func allowedInBlackhole(_ key: String) -> Bool { ["blackhole", "interface", "to"].contains(key) }

    /// From a tree that was checked.
    package init(_ node: ManifestNode) {
        self.init()
        interface = node["interface"]?.text
        (delay, jitter) = (node["delay"]?.duration, node["jitter"]?.duration)
        correlation = node["correlation"]?.decimal
        distribution = node["distribution"]?.text.flatMap(Distribution.init)
        (loss, duplicate) = (node["loss"]?.decimal, node["duplicate"]?.decimal)
        (corrupt, reorder) = (node["corrupt"]?.decimal, node["reorder"]?.decimal)
        rateKilobitsPerSecond = node["rateKilobitsPerSecond"]?.integer
        blackhole = node["blackhole"]?.boolean == true
        to = (node["to"]?.items ?? []).map { item in
            Destination(
                cidr: item["cidr"]?.text,
                ports: (item["ports"]?.items ?? []).compactMap { port in
                    port.integer.map { $0...$0 } ?? port.text.flatMap(PortRange.parse)
                },
                transport: item["protocol"]?.text.flatMap(TransportProtocol.init))
        }
    }
}

/// `8000-8099`
package enum PortRange {
    /// Nil for anything else.
    package static func parse(_ text: String) -> ClosedRange<Int>? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && TextBytes.all($0, "", TextBytes.isDigit) }),
            let low = Int(parts[0]), let high = Int(parts[1]), 1 <= low, low < high, high <= 65_535
        else { return nil }
        return low...high
    }
}

extension TextRule {
    /// Linux takes up to 15 bytes; those that tc and files of /sys cannot carry are left out.
    package static let interfaceName = TextRule(
        "the name of an interface such as eth0", pattern: "^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$", maximumLength: 15
    ) { text in
        TextBytes.all(text, "_.@-", TextBytes.isAlphanumeric) && text.utf8.first.map(TextBytes.isAlphanumeric) == true
    }

    /// An address, or a network with its number of bits.
    package static let cidr = TextRule(
        "an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32", pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
        maximumLength: 49
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2 else { return false }
        let most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
        guard most > 0, parts.count == 2 else { return most > 0 }
        let isPlain = TextBytes.all(parts[1], "", TextBytes.isDigit) && !parts[1].isEmpty
        return isPlain && (Int(parts[1]).map { $0 <= most } ?? false)
    }

    package static let portRange = TextRule(
        "a port from 1 to 65535, or a range such as \"8000-8099\"", pattern: "^[0-9]{1,5}-[0-9]{1,5}$",
        maximumLength: 11
    ) { PortRange.parse($0) != nil }
}
