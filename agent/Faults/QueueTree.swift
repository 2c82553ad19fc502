// SPDX-License-Identifier: Apache-2.0
package import FaultModel
import Glibc

/// The queueing disciplines of one interface, as `tc -j qdisc show` tells them, and whether they can be put back.
package struct QueueTree: Sendable, Equatable {
    /// One discipline.
    package struct Discipline: Sendable, Equatable {
        package var kind: String
        package var handle: String
        /// Nil for the root, and for what hangs beside it.
        package var parent: String?
        package var isRoot: Bool
        package var options: ManifestNode
    }

    /// What tc wrote, for comparing to the byte.
    package let text: String
    package let disciplines: [Discipline]

    /// Nil when the text is not such a dump.
    package init?(_ text: String) {
        let (trees, problems) = JSONReader.read(text)
        guard problems.isEmpty, trees.count == 1, let items = trees[0].items, text.utf8.count < 65_536 else {
            return nil
        }
        self.text = String(text.prefix { $0 != "\n" && $0 != "\r\n" })
        var disciplines: [Discipline] = []
        for item in items {
            guard let kind = item["kind"]?.text, let handle = item["handle"]?.text else { return nil }
            disciplines.append(
                Discipline(
                    kind: kind, handle: handle, parent: item["parent"]?.text,
                    isRoot: item["root"]?.boolean == true, options: item["options"] ?? ManifestNode(.mapping([]))))
        }
        self.disciplines = disciplines
    }

    /// What belongs to the root: all but what stands beside it, which others may change while a fault is held.
    package var rootTree: [Discipline] { disciplines.filter { !Self.liesBeside($0) } }

    package var root: Discipline? { disciplines.first(where: \.isRoot) }

    /// Whether the kernel put the root there by itself, and puts it there again when another is taken away.
    package var isDefault: Bool {
        guard let root, root.handle == "0:" else { return false }
        return ["noqueue", "pfifo_fast", "fq_codel", "fq", "mq"].contains(root.kind)
            && disciplines.allSatisfy { $0.isRoot || $0.handle == "0:" || Self.liesBeside($0) }
    }

    /// The words that make the root again with `tc qdisc add dev X root handle H …`; empty when the kernel does it by
    /// itself; nil when nobody can.
    package var restoring: [String]? {
        if isDefault { return [] }
        guard let root, disciplines.allSatisfy({ $0.isRoot || Self.liesBeside($0) }),
            let options = RootOptions.words(root.kind, root.options), Self.isHandle(root.handle)
        else { return nil }
        return ["handle", root.handle, root.kind] + options
    }

    /// `ingress` and `clsact` are no part of the root's tree, and stay.
    private static func liesBeside(_ discipline: Discipline) -> Bool {
        ["ingress", "clsact"].contains(discipline.kind) && discipline.parent == "ffff:fff1"
    }

    /// A number of four hexadecimal digits at most, and not ours.
    private static func isHandle(_ text: String) -> Bool {
        let digits = text.dropLast()
        return text.last == ":" && (1...4).contains(digits.utf8.count)
            && UInt16(digits, radix: 16).map { $0 != 0 } == true
            && text != TrafficControl.root
    }
}

/// The options of the roots that can be made again. One that is not known makes the whole root unknown: it would be
/// lost.
enum RootOptions {
    static func words(_ kind: String, _ options: ManifestNode) -> [String]? {
        switch kind {
        case "pfifo_fast": pfifoFast(options)
        case "fq_codel": all(options, fairQueueCoDel).map { options["ecn"] == nil ? $0 + ["noecn"] : $0 }
        case "fq": all(options, fairQueue)
        default: nil
        }
    }

    private static func all(
        _ options: ManifestNode, _ word: (String, ManifestNode) -> [String]?
    ) -> [String]? {
        var words: [String] = []
        for entry in options.entries ?? [] {
            guard let more = word(entry.key, entry.value) else { return nil }
            words += more
        }
        return words
    }

    /// It has no options; what is shown is how the kernel makes it.
    private static func pfifoFast(_ options: ManifestNode) -> [String]? {
        JSONText.compact(options)
            == #"{"bands":3,"priomap":[1,2,2,2,1,2,0,0,1,1,1,1,1,1,1,1],"multiqueue":false}"# ? [] : nil
    }

    /// tc-fq_codel(8). What is not said is as made, so `ecn`, which is on when made, is said to be off.
    private static func fairQueueCoDel(_ key: String, _ value: ManifestNode) -> [String]? {
        switch key {
        case "limit", "flows", "quantum", "memory_limit", "drop_batch": number(key, value, "")
        case "target", "interval", "ce_threshold": codelTime(key, value)
        case "ecn": value.boolean == true ? ["ecn"] : nil
        default: nil
        }
    }

    /// tc-fq(8). Rates are shown in bytes a second, times in microseconds but for the slack in nanoseconds.
    private static func fairQueue(_ key: String, _ value: ManifestNode) -> [String]? {
        switch key {
        case "limit", "flow_limit", "buckets", "orphan_mask", "quantum", "initial_quantum": number(key, value, "")
        case "low_rate_threshold", "maxrate": number(key, value, "bps")
        case "refill_delay", "horizon", "ce_threshold": number(key, value, "us")
        case "timer_slack": number(key, value, "ns")
        case "horizon_drop", "horizon_cap": [key]
        default: nil
        }
    }

    private static func number(_ key: String, _ value: ManifestNode, _ unit: String) -> [String]? {
        value.integer.flatMap { $0 >= 0 ? [key, "\($0)\(unit)"] : nil }
    }

    /// The kernel keeps these in units of 1024 ns and shows them rounded down, so that 5000 us is shown as 4999: the
    /// time that is shown so again is looked for (net/codel.h, US2TIME and codel_time_to_us).
    private static func codelTime(_ key: String, _ value: ManifestNode) -> [String]? {
        guard let shown = value.integer, (0...1_000_000_000).contains(shown) else { return nil }
        return (shown...shown + 2).first { ((($0 * 1_000) >> 10) << 10) / 1_000 == shown }.map { [key, "\($0)us"] }
    }
}
