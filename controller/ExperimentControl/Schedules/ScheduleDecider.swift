// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling

/// Decides what a schedule asks for now. Pure: the same facts give the same decision.
///
/// Every slot up to `handledUntil` is dealt with. Of the slots after it that have come, each target's newest is due if
/// its deadline has not passed; the others are missed, so that six hours without a controller start one run, not many.
/// A slot is dealt with once its run exists, or it was skipped with a reason. Runs that exist are seen by their slot:
/// a crash between making a run and writing the status repeats nothing.
struct ScheduleDecider {
    static let finalizer = "rebound.chaos/runs"
    /// An operator's word that the clock was ahead: the `handledUntil` that is given up, as the status shows it.
    static let clockWasAhead = "rebound.chaos/clock-was-ahead"
    static let skippedKept = 20
    static let historyKept = 10
    static let usualDeadline = Duration.seconds(60)

    /// A run that the schedule made, its annotations read once.
    private struct Made {
        var run: Run
        var target: String?
        var slot: Timestamp?
        var start: Timestamp?
    }

    let facts: ScheduleFacts
    private let made: [Made]
    private let before: ScheduleStatus
    private var decision = ScheduleDecision()

    static func decide(_ facts: ScheduleFacts) -> ScheduleDecision {
        var decider = ScheduleDecider(facts)
        decider.run()
        return decider.decision
    }

    private init(_ facts: ScheduleFacts) {
        self.facts = facts
        made = facts.runs.map {
            Made(run: $0, target: $0.scheduledTarget, slot: $0.slot, start: $0.scheduledStart)
        }
        before = facts.schedule.status ?? ScheduleStatus()
        decision.status = before
    }

    private var spec: ScheduleSpec { facts.schedule.spec }
    private var now: Timestamp { facts.now }
    private var deadline: Duration { spec.startingDeadline?.duration ?? Self.usualDeadline }
    private var active: [Run] { facts.runs.filter { !$0.isDone } }

    private mutating func run() {
        let hasFinalizer = facts.schedule.metadata.finalizers?.contains(Self.finalizer) == true
        if facts.schedule.metadata.deletionTimestamp != nil { return decideDeletion(hasFinalizer) }
        if !hasFinalizer { return decision.finalizer = .add }
        decision.status.handledUntil = handledUntil()
        decision.status.observedGeneration = facts.schedule.metadata.generation
        decision.status.nextSlot = nil
        switch facts.times {
        case .failure(let error):
            note("Ready", .no, "Invalid", error.message + " " + error.hint)
        case .success(let times) where spec.suspend == true:
            decision.status.targets = times.targets.map { targetStatus($0.name) }
            note("Ready", .no, "Suspended", "no runs are created; set spec.suspend to false to go on")
        case .success(let times): follow(times)
        }
        if facts.experiment == nil {
            note(
                "ExperimentFound", .no, "ExperimentMissing",
                "there is no experiment \(spec.experiment) in this namespace; slots are skipped until there is")
        } else {
            note("ExperimentFound", .yes, "Found", "experiment \(spec.experiment) is there")
        }
        decision.status.active = (active.map(\.metadata.name) + decision.creations.map(\.run.metadata.name)).sorted()
        decision.removals = beyondHistory()
    }

    /// Ends what is under way before the schedule may go; what is done goes with it.
    private mutating func decideDeletion(_ hasFinalizer: Bool) {
        guard hasFinalizer else { return }
        if active.isEmpty { return decision.finalizer = .remove }
        decision.status.active = active.map(\.metadata.name).sorted()
        abortActive("schedule \(facts.schedule.metadata.name) was deleted")
    }

    private mutating func abortActive(_ reason: String) {
        for run in active where run.spec.abort == nil {
            decision.aborts.append(ScheduleDecision.Abort(run: run.metadata.name, reason: reason))
        }
    }

    /// A schedule begins when it is made, and anew with every change: what the new times would have asked for earlier
    /// is not made up for. So it is when an operator gives up what a clock that was ahead had handled.
    private func handledUntil() -> Timestamp {
        guard let known = before.handledUntil else { return min(facts.schedule.metadata.creationTimestamp ?? now, now) }
        if known > now, known == givenUp { return now }
        return before.observedGeneration == facts.schedule.metadata.generation ? known : max(known, now)
    }

    /// Up to where a clock that was ahead had come, in an operator's word.
    private var givenUp: Timestamp? {
        facts.schedule.metadata.annotations?[Self.clockWasAhead].flatMap { Timestamp($0) }
    }

    /// A start that is still to come and that the clock which was ahead wrote is no start to keep a distance from: it
    /// counts as one of the moment in which that clock's time was given up.
    private func real(_ start: Timestamp?) -> Timestamp? {
        guard let start, start > now, let givenUp, start <= givenUp else { return start }
        return before.handledUntil == givenUp ? now : nil
    }

    private func targetStatus(_ name: String) -> ScheduledTargetStatus {
        let known = real(before.targets?.first { $0.name == name }?.lastStart)
        let started = made.filter { $0.target == name }.compactMap { real($0.start) }
        return ScheduledTargetStatus(name: name, lastStart: (started + [known].compactMap { $0 }).max())
    }

    private mutating func note(_ type: String, _ value: Condition.Value, _ reason: String, _ message: String) {
        var conditions = decision.status.conditions ?? []
        let old = conditions.first { $0.type == type }
        let since = old?.status == value ? old?.lastTransitionTime ?? now : now
        conditions.removeAll { $0.type == type }
        conditions.append(
            Condition(type: type, status: value, reason: reason, message: message, lastTransitionTime: since))
        decision.status.conditions = conditions.sorted { $0.type < $1.type }
    }
}

// MARK: - Slots

extension ScheduleDecider {
    /// The slots of one target, seen from now.
    private struct View {
        var target: ScheduleTimes.Target
        var due: Timestamp?
        /// The first slot that passed its deadline, and the newest.
        var missed: (first: Timestamp, last: Timestamp)?
        /// Has come, and waits for its jitter.
        var pending: Timestamp?
    }

    private mutating func follow(_ times: ScheduleTimes) {
        let since = decision.status.handledUntil ?? now
        decision.status.targets = times.targets.map { targetStatus($0.name) }
        let views = times.targets.map { view($0, times, since: since) }
        var handled = since
        var waits = false
        for view in views.sorted(by: { ($0.due ?? now) < ($1.due ?? now) }) {
            if let missed = view.missed { handled = max(handled, noteMissed(missed, of: view)) }
            guard let slot = view.due else { continue }
            if decide(slot, of: view.target, times) { handled = max(handled, slot) } else { waits = true }
        }
        // A slot that waits would be lost if what comes after it counted as handled.
        if !waits { decision.status.handledUntil = handled }
        lookAhead(times, views, waits: waits)
    }

    private func view(_ target: ScheduleTimes.Target, _ times: ScheduleTimes, since: Timestamp) -> View {
        var view = View(target: target)
        let jitter = spec.jitter?.duration ?? .zero
        let horizon = max(since, now.advanced(by: .zero - deadline - jitter - .seconds(1)))
        if horizon > since, let first = target.source.nextSlot(after: since), first <= horizon {
            view.missed = (first, horizon)
        }
        for slot in target.source.slots(after: horizon, through: now) {
            let start = times.start(of: slot)
            if start > now {
                view.pending = slot
                break
            }
            if let passed = start.advanced(by: deadline) < now ? slot : view.due {
                view.missed = (view.missed?.first ?? passed, passed)
            }
            view.due = start.advanced(by: deadline) < now ? nil : slot
        }
        return view
    }

    /// Returns up to where slots are dealt with now.
    private mutating func noteMissed(_ missed: (first: Timestamp, last: Timestamp), of view: View) -> Timestamp {
        // A run that makes itself known by its slot was made; only the status did not say so.
        if exists(missed.first, view.target.name), missed.first == missed.last { return missed.last }
        let waited = spec.concurrency == .replace ? active.first?.metadata.name : nil
        let more = view.target.source.nextSlot(after: missed.first).map { $0 <= missed.last } ?? false
        let message =
            waited.map { "run \($0), which it was to replace, did not end in time" }
            ?? "no controller looked within \(WrittenDuration(deadline))\(more ? ", nor at the slots after it" : "")"
        skip(missed.first, view.target, waited == nil ? .missed : .overlap, message)
        return missed.last
    }

    /// Makes the run of a slot, or skips it. False when the slot has to wait.
    private mutating func decide(_ slot: Timestamp, of target: ScheduleTimes.Target, _ times: ScheduleTimes) -> Bool {
        if exists(slot, target.name) {
            decision.status.lastSlot = max(decision.status.lastSlot ?? slot, slot)
            return true
        }
        guard let experiment = facts.experiment else {
            skip(slot, target, .experimentMissing, "there is no experiment \(spec.experiment)")
            return true
        }
        guard let plan = target.group.map({ experiment.spec.narrowed(to: $0) }) ?? experiment.spec else {
            skip(slot, target, .groupConflict, "experiment \(spec.experiment) names another group than \(target.name)")
            return true
        }
        if let (reason, message) = refusal(target, plan, times) {
            skip(slot, target, reason, message)
            return true
        }
        let running = active.map(\.metadata.name) + decision.creations.map(\.run.metadata.name)
        if let first = running.first, spec.concurrency ?? .forbid == .forbid {
            skip(slot, target, .overlap, "run \(first) was still going on")
            return true
        }
        if !active.isEmpty, spec.concurrency == .replace {
            abortActive("slot \(slot) of schedule \(facts.schedule.metadata.name) replaces it")
            return false
        }
        create(slot, target, experiment, plan, deadline: times.start(of: slot).advanced(by: deadline))
        return true
    }

    private func refusal(
        _ target: ScheduleTimes.Target, _ plan: ExperimentSpec, _ times: ScheduleTimes
    ) -> (SkippedSlot.Reason, String)? {
        let second = now.nanosecondsSinceEpoch / 1_000_000_000
        if !times.hours.isOpen(from: second, for: plan.longestHold, times.zone) {
            let hold = WrittenDuration(plan.longestHold)
            return (.wouldOverrun, "starting at \(now) and held for \(hold), it would not be over before closed hours")
        }
        guard let least = spec.minTimeBetween else { return nil }
        // Single instances are chosen later: the run itself leaves alone those that were harmed.
        let groups = target.group.map { [$0] } ?? plan.targetGroups
        let harmed = groups.compactMap { real(facts.groupHarm[$0]) }.max()
        let last = [targetStatus(target.name).lastStart, harmed].compactMap { $0 }.max()
        guard let last, now.since(last) < least.duration else { return nil }
        return (.minTimeBetween, "\(target.name) was harmed at \(last), less than \(least) before")
    }

    private mutating func create(
        _ slot: Timestamp, _ target: ScheduleTimes.Target, _ experiment: Experiment, _ plan: ExperimentSpec,
        deadline: Timestamp
    ) {
        let run = ScheduledRun.make(
            facts.schedule, experiment, plan: plan, target: target.name, slot: slot, now: now)
        decision.creations.append(
            ScheduleDecision.Creation(run: run, slot: slot, target: target.name, deadline: deadline))
        decision.status.lastSlot = max(decision.status.lastSlot ?? slot, slot)
        decision.status.targets = decision.status.targets?.map { known in
            known.name == target.name ? ScheduledTargetStatus(name: known.name, lastStart: now) : known
        }
    }

    private func exists(_ slot: Timestamp, _ target: String) -> Bool {
        made.contains { $0.slot == slot && $0.target == target }
    }

    private mutating func skip(
        _ slot: Timestamp, _ target: ScheduleTimes.Target, _ reason: SkippedSlot.Reason, _ message: String
    ) {
        let entry = SkippedSlot(slot: slot, target: target.group, reason: reason, message: message)
        var skipped = decision.status.skipped ?? []
        // While another target's slot waits, this one is decided on again.
        if skipped.contains(where: { ($0.slot, $0.target, $0.reason) == (entry.slot, entry.target, reason) }) { return }
        skipped.append(entry)
        decision.status.skipped = Array(skipped.suffix(Self.skippedKept))
    }
}

// MARK: - What is to come, and what may go

extension ScheduleDecider {
    private mutating func lookAhead(_ times: ScheduleTimes, _ views: [View], waits: Bool) {
        let handled = max(decision.status.handledUntil ?? now, now)
        var starts: [Timestamp] = []
        for (index, view) in views.enumerated() {
            guard let slot = view.pending ?? view.target.source.nextSlot(after: handled) else { continue }
            starts.append(times.start(of: slot))
            decision.status.targets?[index].nextSlot = slot
        }
        decision.status.nextSlot = starts.min()
        let giveUp = waits ? now.advanced(by: deadline + .seconds(1)) : nil
        decision.wake = (starts + [giveUp].compactMap { $0 }).min()
        let behind = (decision.status.handledUntil ?? now).since(now)
        if behind > .seconds(60) {
            note(
                "Ready", .no, "ClockBehind",
                "slots up to \(decision.status.handledUntil ?? now) were handled, and the clock says \(now): none is "
                    + "repeated; if the clock was wrong then and is right now, go on from now with `kubectl annotate "
                    + "--overwrite schedule \(facts.schedule.metadata.name) "
                    + "\(Self.clockWasAhead)=\(decision.status.handledUntil ?? now)`")
        } else if starts.isEmpty {
            note("Ready", .no, "NeverDue", "no slot comes in the next eight years; check cron, windows and holidays")
        } else {
            note("Ready", .yes, "Following", "the next run starts at \(decision.status.nextSlot ?? now)")
        }
    }

    /// Finished runs beyond the limits, the oldest first: only those whose slot the stored status calls handled and has
    /// passed by this clock too, so that none is made again, none whose undo failed, and none that its target is still
    /// left alone for.
    private func beyondHistory() -> [String] {
        guard let handled = before.handledUntil else { return [] }
        var done: [(slot: Timestamp, run: Run)] = []
        for each in made where each.run.isDone && each.run.status?.undo != .dirty {
            guard each.run.metadata.deletionTimestamp == nil, let slot = each.slot, slot <= min(handled, now) else {
                continue
            }
            if let least = spec.minTimeBetween, let start = each.start, now.since(start) < least.duration { continue }
            done.append((slot, each.run))
        }
        done.sort { ($0.slot, $0.run.metadata.name) > ($1.slot, $1.run.metadata.name) }
        let passed = done.filter { $0.run.status?.verdict == .pass }
        let others = done.filter { $0.run.status?.verdict != .pass }
        let beyond =
            passed.dropFirst(spec.history?.passed ?? Self.historyKept)
            + others.dropFirst(spec.history?.notPassed ?? Self.historyKept)
        return beyond.map(\.run.metadata.name).sorted()
    }
}
