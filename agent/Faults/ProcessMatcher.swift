// SPDX-License-Identifier: Apache-2.0
package import FaultModel
import Glibc
package import HostSystem

/// Finds the processes that a fault names.
package struct ProcessMatcher {
    private let match: ProcessFaultSpec.Match
    private let user: UInt32?
    private let pattern: Pattern?

    /// Throws when a name or pattern in it means nothing here.
    package init(_ match: ProcessFaultSpec.Match) throws(HostError) {
        self.match = match
        user = try match.user.map { name throws(HostError) in try Self.user(name) }
        pattern = match.commandLine.flatMap { Pattern($0) }
        if pattern == nil, let text = match.commandLine {
            throw HostError(
                .failed, "process.match.commandLine is no extended regular expression: \(text)",
                hint: "see regex(7) for what is one")
        }
    }

    /// Those of `processes` that match, without those that are protected.
    package func matching(
        _ processes: [ProcessFacts], listening: (Int) throws(HostError) -> Set<Int32>, protected: ProtectedProcesses
    ) throws(HostError) -> (found: [ProcessFacts], protected: [(ProcessFacts, String)]) {
        let listeners = try match.port.map { port throws(HostError) in try listening(port) }
        let all = processes.filter { facts in
            (listeners.map { $0.contains(facts.identity.process) } ?? true) && matches(facts)
        }
        let kept = all.compactMap { facts in protected.reason(for: facts).map { (facts, $0) } }
        return (all.filter { protected.reason(for: $0) == nil }, kept)
    }

    /// The same of all that run now.
    package func matchingNow() throws(HostError) -> (found: [ProcessFacts], protected: [(ProcessFacts, String)]) {
        try matching(
            try ProcessFacts.all(), listening: ListeningPorts.processes, protected: ProtectedProcesses())
    }

    private func matches(_ facts: ProcessFacts) -> Bool {
        if let number = match.process, facts.identity.process != number { return false }
        if let path = match.executable, facts.executable != path { return false }
        if let words = match.arguments, facts.arguments != words { return false }
        if let words = match.argumentsPrefix, !facts.arguments.starts(with: words) { return false }
        if let pattern, facts.arguments.isEmpty || !pattern.matches(facts.arguments.joined(separator: " ")) {
            return false
        }
        if let user, facts.user != user { return false }
        if let path = match.cgroup, !facts.cgroups.contains(where: { Self.lies($0, in: path) }) { return false }
        if let unit = match.unit, !facts.cgroups.contains(where: { $0.split(separator: "/").contains(Substring(unit)) })
        {
            return false
        }
        return true
    }

    private static func lies(_ path: String, in folder: String) -> Bool {
        path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }

    /// From /etc/passwd, as a static program cannot ask the name service.
    private static func user(_ name: String) throws(HostError) -> UInt32 {
        if let number = UInt32(name) { return number }
        for line in (HostFile.text("/etc/passwd") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[0] == name, let number = UInt32(fields[2]) { return number }
        }
        throw HostError(
            .targetGone, "process.match.user: /etc/passwd has no user \(name)", hint: "write the user's number")
    }
}

extension ProcessFaultSpec.Pick {
    /// The chosen ones. Throws when `only` finds several, or fewer are there than are asked for.
    package func chosen(
        from found: [ProcessFacts], using generator: inout some RandomNumberGenerator
    ) throws(HostError) -> [ProcessFacts] {
        let byAge = found.sorted {
            ($0.identity.startTicks, $0.identity.process) < ($1.identity.startTicks, $1.identity.process)
        }
        let wanted: Int
        switch self {
        case .only:
            if found.count > 1 {
                let list = found.prefix(5).map { "\($0.identity.process) (\($0.arguments.joined(separator: " ")))" }
                throw HostError(
                    .failed, "\(found.count) processes match: \(list.joined(separator: ", "))",
                    hint: "match one, or write count, percent, oldest or newest")
            }
            return found
        case .percent(let part):
            return Array(
                byAge.shuffled(using: &generator).prefix(max(1, Int(Double(found.count) * part / 100))))
        case .count(let count), .oldest(let count), .newest(let count): wanted = count
        }
        guard found.count >= wanted else {
            throw HostError(
                .targetGone, "\(found.count) processes match where \(wanted) are to be picked",
                hint: "pick fewer, or match more")
        }
        switch self {
        case .oldest: return Array(byAge.prefix(wanted))
        case .newest: return Array(byAge.suffix(wanted))
        case .only, .count, .percent: return Array(byAge.shuffled(using: &generator).prefix(wanted))
        }
    }
}
