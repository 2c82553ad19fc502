// SPDX-License-Identifier: Apache-2.0
package import FaultModel
package import HostSystem

extension NetworkFault {
    /// Looks at the host and changes nothing. Throws when a tool, a module or the interface is missing, and when its
    /// root is not one that can be made again.
    package init(planning spec: NetworkFaultSpec, roadHome: [String]) throws(HostError) {
        guard let interface = spec.interface ?? NetworkInterface.ofDefaultRoute else {
            throw HostError(.targetGone, "there is no default route", hint: "write network.interface")
        }
        guard let index = NetworkInterface.index(of: interface) else {
            throw HostError(.targetGone, "there is no interface \(interface)", hint: "`ip link` lists those that are")
        }
        try TrafficControl.require(modules: ["sch_prio", "sch_netem", "cls_flower"])
        let before = try TrafficControl.tree(of: interface)
        guard before.restoring != nil else {
            let root = before.root.map { "\($0.kind) \($0.handle)" } ?? "nothing that is known"
            throw HostError(
                .foreign, "the root of \(interface) is \(root), which could not be put back; it was not touched",
                hint: "choose another interface; noqueue, pfifo_fast, fq_codel, fq and the kernel's own mq can be")
        }
        let filters = try TrafficControl.filters(of: interface).entries
        guard filters == 0 else {
            throw HostError(
                .foreign, "the root of \(interface) has \(filters) filters, which could not be put back",
                hint: "choose another interface, or take them away first")
        }
        let ports = spec.to.flatMap(\.ports)
        let road = RoadHome(
            addresses: roadHome, aimedAt: ports, secureShellPorts: try RoadHome.secureShellPorts())
        let added = Self.commands(spec, interface: interface, road: road).filter { $0[0] == "filter" }.count
        (self.spec, self.interface, self.index, self.before) = (spec, interface, index, before)
        (self.road, self.filters) = (road, added)
    }

    package var undo: ManifestNode {
        .object([
            ("interface", .text(interface)), ("index", .number("\(index)")), ("before", .text(before.text)),
            ("filters", .number("\(filters)")), ("spec", spec.tree.content),
        ])
    }

    /// Nil unless every word that could reach tc is of its form, and the root is one that can be made again.
    package init?(undo: ManifestNode) {
        guard let interface = undo["interface"]?.text, TextRule.interfaceName.matches(interface),
            let index = undo["index"]?.integer, index > 0, let before = undo["before"]?.text.flatMap({ QueueTree($0) }),
            before.restoring != nil, let filters = undo["filters"]?.integer, (0...10_000).contains(filters),
            let spec = undo["spec"].flatMap({ NetworkFaultSpec(unchecked: $0) }), undo.entries?.count == 5
        else { return nil }
        (self.spec, self.interface, self.index, self.before) = (spec, interface, index, before)
        (road, self.filters) = (nil, filters)
    }
}
