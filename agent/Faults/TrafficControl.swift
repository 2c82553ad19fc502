// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Glibc
package import HostSystem

/// tc(8), by argument vector, each time with a deadline.
package enum TrafficControl {
    /// The handle of our root: reserved, so that ours is never taken for somebody else's.
    package static let root = "5eb0:"
    /// Where packets go that are left alone, and where the fault waits for the others.
    static let leftAlone = "5eb0:1"
    static let impaired = "5eb0:2"
    static let fault = "5eb2:"

    /// Runs tc and returns what it wrote. Throws with what it complained of.
    @discardableResult
    package static func run(_ words: [String]) throws(HostError) -> String { try run(words, input: "") }

    /// Runs many commands in one process, in order, up to the first that fails: starting tc for each would take most
    /// of the time from decision to effect. tc parts the words at spaces, and knows no other sign.
    package static func run(batch commands: [[String]]) throws(HostError) {
        let isPlain = commands.joined().allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"'\\#".utf8.contains($0) }
        }
        guard isPlain else {
            throw HostError(.failed, "a word for tc has a sign that it would read otherwise", hint: "look at network")
        }
        _ = try run(["-batch", "-"], input: commands.map { $0.joined(separator: " ") + "\n" }.joined())
    }

    private static func run(_ words: [String], input: String) throws(HostError) -> String {
        guard let tool = Program.path(of: "tc") else {
            throw HostError(
                .toolMissing, "tc is not on this host", hint: "install iproute2 (iproute-tc on Amazon Linux)")
        }
        let outcome = try Program.run([tool] + words, input: input)
        if outcome.status == 0 { return String(decoding: outcome.output, as: UTF8.self) }
        let complaint = outcome.complaint.split(separator: "\n").joined(separator: " ")
        let what = "tc \(words.joined(separator: " ")): \(complaint)"
        if complaint.contains("kind is unknown") || complaint.contains("not found") {
            throw HostError(
                .toolMissing, what, hint: "install the kernel's extra modules (sch_netem, sch_prio, cls_flower)")
        }
        if complaint.contains("Operation not permitted") { throw HostError(.notPermitted, what, hint: "run as root") }
        throw HostError(.failed, what, hint: "see tc(8); run `rebound-inject status --verify`")
    }

    /// The disciplines of an interface.
    package static func tree(of interface: String) throws(HostError) -> QueueTree {
        let text = try run(["-j", "qdisc", "show", "dev", interface])
        guard let tree = QueueTree(text) else {
            throw HostError(.failed, "tc wrote no dump of \(interface) that can be read", hint: "look at its version")
        }
        return tree
    }

    /// How many filters of tc-flower(8) hang at the root of an interface, and how many entries there are of any kind:
    /// each group of filters has one of its own.
    package static func filters(of interface: String) throws(HostError) -> (flower: Int, entries: Int) {
        let text = try run(["-j", "filter", "show", "dev", interface])
        guard let items = JSONReader.read(text).documents.first?.items else {
            throw HostError(.failed, "tc wrote no list of the filters of \(interface)", hint: "look at its version")
        }
        return (items.filter { $0["options"]?["handle"] != nil }.count, items.count)
    }

    /// Throws when the kernel has no such module, built in or beside it. Where nobody can tell, the act will.
    package static func require(modules: [String]) throws(HostError) {
        guard let tool = Program.path(of: "modprobe") else { return }
        for module in modules where access("/sys/module/\(module)", F_OK) != 0 {
            if try Program.run([tool, "--dry-run", "--quiet", module]).status != 0 {
                throw HostError(
                    .toolMissing, "this kernel has no \(module)",
                    hint: "install the kernel's extra modules (linux-modules-extra, kernel-modules-extra)")
            }
        }
    }
}

/// What /sys and /proc say of network interfaces.
package enum NetworkInterface {
    /// The number that the kernel gave it; nil when there is none of that name.
    package static func index(of name: String) -> Int? {
        HostFile.text("/sys/class/net/\(name)/ifindex", limit: 32).flatMap { Int($0.prefix { $0 != "\n" }) }
    }

    /// The interface of the default route, IPv4 before IPv6 (proc(5), net/route).
    package static var ofDefaultRoute: String? {
        let four = (HostFile.text("/proc/net/route") ?? "").split(separator: "\n").dropFirst().first { row in
            let fields = row.split(separator: "\t")
            return fields.count > 7 && fields[1] == "00000000" && fields[7].prefix(8) == "00000000"
        }
        if let name = four?.split(separator: "\t").first { return name.filter { $0 != " " } }
        let zeros = String(repeating: "0", count: 32)
        let six = (HostFile.text("/proc/net/ipv6_route") ?? "").split(separator: "\n").first { row in
            let fields = row.split(separator: " ")
            return fields.count > 9 && fields[0] == zeros && fields[1] == "00" && fields[9] != "lo"
        }
        return six?.split(separator: " ").last.map(String.init)
    }
}
