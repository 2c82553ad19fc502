// SPDX-License-Identifier: Apache-2.0
package import FaultModel
import Glibc
package import HostSystem

/// Signals to processes.
///
/// What it does to a host: `signal` sends one to each chosen process; `pause` sends SIGSTOP; `keepDown` sends the
/// signal, and again to whatever matches next.
/// How it is undone: a paused process gets SIGCONT, if the same process is still there and stopped. The others have
/// nothing to put back; keeping down ends with the injector.
/// What it is verified by: the states of the processes in /proc.
package struct ProcessFault: Sendable {
    package let action: ProcessFaultSpec.Action
    package let targets: [ProcessIdentity]
    private let signal: ProcessFaultSpec.Signal?
    /// For `keepDown`, which looks again; not in the record, as nothing is put back.
    private let match: ProcessFaultSpec.Match?
    private let most: Int
    private var kept = 0

    package init(planning spec: ProcessFaultSpec) throws(HostError) {
        let (found, protected) = try ProcessMatcher(spec.match).matchingNow()
        // One that is stopped already is not ours to resume.
        let usable = spec.action == .pause ? found.filter { !$0.isStopped } : found
        guard !usable.isEmpty else {
            let why = protected.map { "\($0.0.identity.process) is \($0.1)" }.joined(separator: ", ")
            throw HostError(
                .targetGone, protected.isEmpty ? "no process matches" : "only protected processes match: \(why)",
                hint: "look at process.match")
        }
        var generator = SystemRandomNumberGenerator()
        let chosen = try spec.pick.chosen(from: usable, using: &generator)
        (action, signal, match) = (spec.action, spec.signal, spec.match)
        targets = chosen.map(\.identity)
        most = max(1, chosen.count)
    }

    package var resources: [String] { targets.map { "process:\($0.process):\($0.startTicks)" } }

    // MARK: The record

    package var undo: ManifestNode {
        .object([
            ("action", .text(action.rawValue)),
            (
                "targets",
                .sequence(
                    targets.map {
                        .object([("pid", .number("\($0.process)")), ("startTicks", .number("\($0.startTicks)"))])
                    })
            ),
        ])
    }

    /// Nil unless it names an action and processes, none of them the first.
    package init?(undo: ManifestNode) {
        guard let action = undo["action"]?.text.flatMap(ProcessFaultSpec.Action.init),
            let items = undo["targets"]?.items, undo.entries?.count == 2, (1...10_000).contains(items.count)
        else { return nil }
        let targets = items.compactMap { item -> ProcessIdentity? in
            guard let number = item["pid"]?.integer.flatMap({ Int32(exactly: $0) }), number > 1,
                let ticks = item["startTicks"]?.numberText.flatMap({ UInt64($0) })
            else { return nil }
            return ProcessIdentity(process: number, startTicks: ticks)
        }
        guard targets.count == items.count else { return nil }
        (self.action, self.targets, signal, match, most) = (action, targets, nil, nil, targets.count)
    }

    // MARK: Inject, verify, revert

    package mutating func inject() throws(HostError) -> Evidence {
        var reached = 0
        for target in targets where try target.send(number) { reached += 1 }
        if reached == 0 {
            throw HostError(.targetGone, "every chosen process ended before the signal", hint: "try again")
        }
        return [
            ("signalled", .number("\(reached)")),
            ("pids", .sequence(targets.map { ManifestNode(.number("\($0.process)")) })),
        ]
    }

    /// Looks for the effect for at most 2 s: a signal is delivered when the process is next scheduled.
    package func verify() throws(HostError) -> Evidence {
        let deadline = HostClock.monotonic.advanced(by: .seconds(2))
        while true {
            let left = targets.filter { !shows($0) }
            if left.isEmpty { return [("seen", .text(action == .pause ? "stopped" : isFatal ? "ended" : "signalled"))] }
            if HostClock.milliseconds(until: deadline) == 0 {
                throw HostError(
                    .noEffect,
                    "after 2 s the signal shows no effect on \(left.map { "\($0.process)" }.joined(separator: ", "))",
                    hint: "the process may block the signal; KILL cannot be blocked")
            }
            poll(nil, 0, 5)
        }
    }

    private func shows(_ target: ProcessIdentity) -> Bool {
        guard let stat = ProcessStat(target.process), stat.startTicks == target.startTicks, !stat.hasEnded else {
            return true
        }
        return action == .pause ? stat.isStopped : !isFatal
    }

    package func revert() throws(HostError) -> Evidence {
        guard action == .pause else { return [("resumed", .number("0"))] }
        var resumed = 0
        for target in targets {
            guard let stat = ProcessStat(target.process), stat.isStopped else { continue }
            if try target.send(SIGCONT) { resumed += 1 }
        }
        let deadline = HostClock.monotonic.advanced(by: .seconds(2))
        while try presence() != .absent {
            if HostClock.milliseconds(until: deadline) == 0 {
                throw HostError(
                    .failed, "2 s after SIGCONT a process is still stopped",
                    hint: "see who stops it: a debugger, or a fault of somebody else's")
            }
            poll(nil, 0, 5)
        }
        return [("resumed", .number("\(resumed)"))]
    }

    /// Only a pause is a state of the host.
    package func presence() throws(HostError) -> Presence {
        guard action == .pause else { return .absent }
        let alive = targets.compactMap { target in
            ProcessStat(target.process).flatMap { $0.startTicks == target.startTicks && !$0.hasEnded ? $0 : nil }
        }
        let stopped = alive.filter(\.isStopped).count
        if stopped == 0 { return .absent }
        return stopped == alive.count
            ? .present : .altered("\(stopped) of \(alive.count) processes are stopped")
    }

    // MARK: Keeping down

    /// Signals what matches now, at most as many as were chosen.
    package mutating func keepDown() throws(HostError) -> Evidence {
        guard action == .keepDown, let match else { return [] }
        let found = try ProcessMatcher(match).matchingNow().found
        var hit: [ManifestNode] = []
        for facts in found.prefix(most) where try facts.identity.send(number) {
            hit.append(ManifestNode(.number("\(facts.identity.process)")))
        }
        kept += hit.count
        return hit.isEmpty ? [] : [("pids", .sequence(hit)), ("total", .number("\(kept)"))]
    }

    private var number: Int32 {
        switch action == .pause ? nil : signal {
        case nil: SIGSTOP
        case .terminate: SIGTERM
        case .kill: SIGKILL
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        case .quit: SIGQUIT
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .abort: SIGABRT
        case .segmentation: SIGSEGV
        }
    }

    /// Whether the process must be gone; it may handle the others as it likes.
    private var isFatal: Bool { signal == .kill }
}
