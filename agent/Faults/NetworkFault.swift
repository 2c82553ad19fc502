// SPDX-License-Identifier: Apache-2.0
package import FaultModel
import Glibc
package import HostSystem

/// Packets that are delayed, lost, doubled, damaged, overtaken or held back on their way out.
///
/// What it does to a host, with tc(8): the interface gets a root of ours, `prio`, whose first band carries every packet
/// as before; netem (tc-netem(8)) waits at its second; filters send the road home to the first, and then, last of all,
/// the packets that are meant to the second.
/// How it is undone: our root is deleted, and the one that was there is made again. A root that could not be made again
/// is refused before anything is done.
/// What it is verified by: what tc reads back from the kernel; after the revert it is what it was, to the byte.
package struct NetworkFault: Sendable {
    package let spec: NetworkFaultSpec
    package let interface: String
    /// The kernel's number of the interface: one that was made anew under the same name is another.
    let index: Int
    /// What was there.
    let before: QueueTree
    let road: RoadHome?
    let filters: Int

    package var resources: [String] { ["network:\(interface)"] }

    // MARK: Inject

    /// The commands that put the fault in, in their order. Nothing is harmed before the last ones.
    static func commands(_ spec: NetworkFaultSpec, interface: String, road: RoadHome) -> [[String]] {
        let priorities = [String](repeating: "0", count: 16)
        var commands = [
            ["qdisc", "add", "dev", interface, "root", "handle", TrafficControl.root, "prio", "bands", "2", "priomap"]
                + priorities,
            ["qdisc", "add", "dev", interface, "parent", TrafficControl.impaired, "handle", TrafficControl.fault]
                + NetworkEffect(spec).words,
        ]
        func filter(_ family: String, _ keys: [String], base: Int, to band: String) {
            let priority = base + (["arp": 0, "ip": 1, "ipv6": 2][family] ?? 3)
            commands.append(
                ["filter", "add", "dev", interface, "parent", TrafficControl.root, "prio", "\(priority)", "protocol"]
                    + [family, "flower"] + keys + ["classid", band])
        }
        for packets in road.packets { filter(packets.family, packets.keys, base: 10, to: TrafficControl.leftAlone) }
        for packets in NetworkEffect.packets(spec.to) {
            filter(packets.family, packets.keys, base: 20, to: TrafficControl.impaired)
        }
        return commands
    }

    package func inject() throws(HostError) -> Evidence {
        guard let road else {
            throw HostError(.failed, "a record can be reverted only", hint: "start a new injection")
        }
        try TrafficControl.run(batch: makingRoom + Self.commands(spec, interface: interface, road: road))
        return [("interface", .text(interface)), ("filters", .number("\(filters)"))]
    }

    /// The kernel lets nothing be added where somebody put a root. His is deleted by its handle, so that one that has
    /// come since is never touched; the kernel's own needs no making room.
    private var makingRoom: [[String]] {
        guard let root = before.root, before.restoring != [] else { return [] }
        return [["qdisc", "del", "dev", interface, "root", "handle", root.handle]]
    }

    // MARK: Revert

    package func revert() throws(HostError) -> Evidence {
        guard NetworkInterface.index(of: interface) == index else {
            return [("interface", .text(interface)), ("gone", .boolean(true))]
        }
        var now = try TrafficControl.tree(of: interface)
        if now.root?.handle == TrafficControl.root {
            try TrafficControl.run(["qdisc", "del", "dev", interface, "root", "handle", TrafficControl.root])
            now = try TrafficControl.tree(of: interface)
        }
        if now.rootTree != before.rootTree, now.root?.handle == "0:", let words = before.restoring, !words.isEmpty {
            try TrafficControl.run(["qdisc", "add", "dev", interface, "root"] + words)
            now = try TrafficControl.tree(of: interface)
        }
        if now.rootTree != before.rootTree {
            throw HostError(
                .foreign, "the root of \(interface) is \(now.text) and was \(before.text)",
                hint: "somebody else changed it; make it as it should be, then run `rebound-inject revert --all`")
        }
        return [("interface", .text(interface)), ("identical", .boolean(now.text == before.text))]
    }

    // MARK: Verify

    package func verify() throws(HostError) -> Evidence {
        switch try presence() {
        case .present: return [("qdisc", .text(try TrafficControl.tree(of: interface).text))]
        case .absent: throw HostError(.noEffect, "the kernel shows no fault on \(interface)", hint: "see tc(8)")
        case .altered(let how): throw HostError(.noEffect, "on \(interface) \(how)", hint: "see tc(8)")
        }
    }

    package func presence() throws(HostError) -> Presence {
        guard NetworkInterface.index(of: interface) == index else { return .absent }
        let now = try TrafficControl.tree(of: interface)
        if now.rootTree == before.rootTree { return .absent }
        guard now.root?.handle == TrafficControl.root, now.root?.kind == "prio" else {
            return .altered("the root is \(now.root?.kind ?? "none") and was \(before.root?.kind ?? "none")")
        }
        guard let netem = now.disciplines.first(where: { $0.parent == TrafficControl.impaired }), netem.kind == "netem"
        else { return .altered("the fault is missing from our root") }
        if let difference = NetworkEffect(spec).difference(from: netem.options) { return .altered(difference) }
        let found = try TrafficControl.filters(of: interface).flower
        return found == filters ? .present : .altered("\(found) filters where \(filters) were set")
    }
}
