// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Faults
import Glibc
import HostSystem

/// The time between a verified fault and its revert: waits for the first reason to end it.
struct Holding {
    let injector: Injector
    let guardian: GuardProcess
    let deadline: MonotonicInstant

    private static let heartbeat = Duration.seconds(1)

    /// Returns why the fault ends.
    func wait(_ fault: inout HostFault) -> String {
        var leased = HostClock.monotonic
        var nextHeartbeat = leased.advanced(by: Self.heartbeat)
        var nextUpkeep = leased
        while true {
            let leaseEnd = injector.injection.lease.map { leased.advanced(by: $0) }
            let upkeep = fault.upkeep.map { _ in nextUpkeep }
            let next = [deadline, nextHeartbeat, leaseEnd, upkeep].compactMap { $0 }.min() ?? deadline
            if let reason = listen(until: next, &leased) { return reason }
            let now = HostClock.monotonic
            if now >= deadline { return "deadline" }
            if let lease = injector.injection.lease, now >= leased.advanced(by: lease) { return "lease" }
            if let pace = fault.upkeep, now >= nextUpkeep {
                nextUpkeep = now.advanced(by: pace)
                if isReverted { return "revertedByAnother" }
                if let reason = keepUp(&fault) { return reason }
            }
            if now >= nextHeartbeat {
                nextHeartbeat = now.advanced(by: Self.heartbeat)
                if isReverted { return "revertedByAnother" }
                injector.speaker.say("heartbeat")
                if !injector.speaker.isHeard { return "outputClosed" }
            }
        }
    }

    /// Waits for input, signals and the guard's end.
    private func listen(until next: MonotonicInstant, _ leased: inout MonotonicInstant) -> String? {
        var sources = [0, injector.signals.descriptor, guardian.descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&sources, nfds_t(sources.count), HostClock.milliseconds(until: next)) > 0 else { return nil }
        if sources[1].revents != 0, let signal = injector.signals.next() { return signal }
        if sources[2].revents != 0 { return "guardLost" }
        guard sources[0].revents != 0 else { return nil }
        injector.input.take()
        for line in injector.input.lines() {
            switch line {
            case "lease": leased = HostClock.monotonic
            case "revert": return "asked"
            default: injector.speaker.say("warning", [("message", .text("this line means nothing: \(line)"))])
            }
        }
        return injector.input.hasEnded ? "inputClosed" : nil
    }

    private func keepUp(_ fault: inout HostFault) -> String? {
        do throws(HostError) {
            let evidence = try fault.keepUp()
            if !evidence.isEmpty { injector.speaker.say("keptDown", evidence) }
            return nil
        } catch {
            injector.speaker.say("failed", error)
            return "upkeepFailed"
        }
    }

    /// Whether somebody else has taken the fault back. An unreadable journal is no answer, and the fault goes on to
    /// its deadline.
    private var isReverted: Bool {
        if case .record(_, .reverted, _)? = try? injector.journal.entry(injector.injection.id) { true } else { false }
    }
}
