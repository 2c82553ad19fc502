// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Logging
import ResourceStore
import Synchronization

/// Names this process so that another on the same machine can tell whether it still lives: boot, pid namespace, pid and
/// start time.
struct LeaseHolder: Sendable {
    let text: String
    private let place: [String]

    init(bootID: String) {
        let pid = getpid()
        place = [bootID, Self.processNamespace()]
        text = (place + ["\(pid)", "\(Self.startTicks(of: pid) ?? 0)"]).joined(separator: ":")
    }

    /// Whether the process that a lease names is certainly gone: it was of this boot and saw the processes that we see
    /// (in a container the numbers mean others), and none has its number and start time.
    func isGone(_ holder: String) -> Bool {
        let parts = holder.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, Array(parts[..<2]) == place, !place.contains(""), let pid = pid_t(parts[2]), pid > 0
        else { return false }
        if let ticks = Self.startTicks(of: pid) { return String(ticks) != parts[3] }
        // Not to be seen may mean not there, a zombie, or hidden from us (proc(5), hidepid).
        if kill(pid, 0) != 0 { return errno == ESRCH }
        return Self.state(of: pid) == "Z"
    }

    /// The inode that names this process's pid namespace (pid_namespaces(7)); empty where it cannot be read, and then
    /// no other holder is ever held to be gone.
    private static func processNamespace() -> String {
        var status = stat()
        return stat("/proc/self/ns/pid", &status) == 0 ? "\(status.st_ino)" : ""
    }

    /// Field 22 of /proc/PID/stat (proc_pid_stat(5)); nil when there is no such process, or only its zombie, which will
    /// never drive anything again.
    private static func startTicks(of pid: pid_t) -> UInt64? {
        guard let fields = fields(of: pid), fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }

    private static func state(of pid: pid_t) -> String? { fields(of: pid)?.first }

    /// The fields of /proc/PID/stat from the third on. The name, field 2, may hold anything; what follows its last
    /// bracket does not.
    private static func fields(of pid: pid_t) -> [String]? {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = fread(&buffer, 1, buffer.count, file)
        let text = String(decoding: buffer.prefix(count), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ").map(String.init)
    }
}

/// The rights to drive runs that this process holds. Each is taken before the first step, renewed three times within
/// its length, and given back at the end; one that is not given back runs out. A right that was not renewed for its
/// length is not held, whatever this process believes: it was stopped, and another may drive by now.
actor HeldLeases {
    private let holder: LeaseHolder
    private let store: any ResourceStore
    private let clock: any ControlClock
    private let duration: Duration
    private let logger: Logger
    /// Since when at the latest each is held: read before the store was asked.
    private var held: [ResourceKey: MonotonicInstant] = [:]
    /// How many questions to the store are under way for each.
    private var asking: [ResourceKey: Int] = [:]

    init(holder: LeaseHolder, store: any ResourceStore, clock: any ControlClock, duration: Duration, logger: Logger) {
        self.holder = holder
        self.store = store
        self.clock = clock
        self.duration = duration
        self.logger = logger
    }

    /// Throws `.busy` while another living process drives the run. A lease of a process that is gone is taken over at
    /// once.
    func hold(_ key: ResourceKey) async throws(ExperimentError) {
        if let since = held[key], clock.now().since(since) < duration { return }
        do throws(StoreError) { try await confirm(key) } catch {
            throw ExperimentError(
                error.code == .conflict ? .busy : .store, error.message, hint: error.hint, cause: error)
        }
    }

    /// Whether this process was the last that is known to hold it.
    func wasHeld(_ key: ResourceKey) -> Bool { held[key] != nil }

    /// Takes or renews the lease in the store, now. Throws `.conflict` when another living process has it.
    func confirm(_ key: ResourceKey) async throws(StoreError) {
        guard case .heldByOther(let other, let until) = try await take(key) else { return }
        if holder.isGone(other) {
            try await store.releaseLease(name(key), holder: other)
            if case .held = try await take(key) { return }
        }
        throw StoreError(
            .conflict, "another process drives run \(key.name) until at least \(until)",
            hint: "Wait for it, or end that process; `rebound abort` reaches it through the store.")
    }

    /// Renews until cancelled.
    func renew() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: duration / 3) } catch { return }
            for key in held.keys where held[key] != nil {
                do throws(StoreError) { try await renew(key) } catch {
                    logger.warning("lease not renewed", metadata: ["run": "\(key.name)", "reason": "\(error.message)"])
                }
            }
        }
    }

    /// What is given back while the store is asked stays given back: nobody would ever let go of it again.
    private func renew(_ key: ResourceKey) async throws(StoreError) {
        let outcome = try await ask(for: key) { $0 != nil }
        // Unless it is being taken anew at this moment: then it is that taking's, which came later to the store.
        if case .held = outcome, held[key] == nil, !isAsked(key) {
            try await store.releaseLease(name(key), holder: holder.text)
        }
    }

    func release(_ key: ResourceKey) async {
        guard held.removeValue(forKey: key) != nil else { return }
        // Losing the error is right: a lease that is not given back runs out.
        try? await store.releaseLease(name(key), holder: holder.text)
    }

    func releaseAll() async {
        for key in held.keys { await release(key) }
    }

    private func take(_ key: ResourceKey) async throws(StoreError) -> LeaseOutcome {
        try await ask(for: key) { _ in true }
    }

    /// Asks the store for the lease. It counts as held by this process if `isWanted` says so of what was held when the
    /// store had answered.
    private func ask(
        for key: ResourceKey, isWanted: (MonotonicInstant?) -> Bool
    ) async throws(StoreError) -> LeaseOutcome {
        let asked = clock.now()
        asking[key, default: 0] += 1
        defer { asking[key] = asking[key].flatMap { $0 > 1 ? $0 - 1 : nil } }
        let outcome = try await store.acquireLease(name(key), holder: holder.text, for: duration, now: clock.wall())
        switch outcome {
        case .held where isWanted(held[key]): held[key] = asked
        case .held: break
        // Another's: every write of its driver makes ours conflict, and the next step asks again.
        case .heldByOther: held[key] = nil
        }
        return outcome
    }

    private func isAsked(_ key: ResourceKey) -> Bool { asking[key] != nil }

    private func name(_ key: ResourceKey) -> String { "run/\(key.namespace)/\(key.name)" }
}

/// The first failure that ended a run's driving.
final class FirstFailure: Sendable {
    private let first = Mutex<ExperimentError?>(nil)

    var error: ExperimentError? { first.withLock { $0 } }

    func note(_ error: ExperimentError) { first.withLock { $0 = $0 ?? error } }
}
