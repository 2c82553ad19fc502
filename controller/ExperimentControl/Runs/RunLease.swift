// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Logging
import ResourceStore
import Synchronization

/// Names this process so that another on the same machine can tell whether it still lives: boot, pid and start time.
struct LeaseHolder: Sendable {
    let text: String
    private let bootID: String

    init(bootID: String) {
        self.bootID = bootID
        let pid = getpid()
        text = "\(bootID):\(pid):\(Self.startTicks(of: pid) ?? 0)"
    }

    /// Whether the process that a lease names is certainly gone: of this boot, and no process has its number and start
    /// time.
    func isGone(_ holder: String) -> Bool {
        let parts = holder.split(separator: ":")
        guard parts.count == 3, !bootID.isEmpty, parts[0] == bootID, let pid = pid_t(parts[1]) else { return false }
        return Self.startTicks(of: pid).map(String.init) != String(parts[2])
    }

    /// Field 22 of /proc/PID/stat (proc_pid_stat(5)); nil when there is no such process.
    private static func startTicks(of pid: pid_t) -> UInt64? {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = fread(&buffer, 1, buffer.count, file)
        let text = String(decoding: buffer.prefix(count), as: UTF8.self)
        // The name, field 2, may hold anything; what follows its last bracket does not.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // A zombie is gone: it will never drive anything again.
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }
}

/// The rights to drive runs that this process holds. Each is taken before the first step, renewed three times within
/// its length, and given back at the end; one that is not given back runs out.
actor HeldLeases {
    private let holder: LeaseHolder
    private let store: any ResourceStore
    private let clock: any ControlClock
    private let duration: Duration
    private let logger: Logger
    private var held: Set<ResourceKey> = []

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
        if held.contains(key) { return }
        do throws(StoreError) {
            guard case .heldByOther(let other, let until) = try await take(key) else {
                held.insert(key)
                return
            }
            if holder.isGone(other) {
                try await store.releaseLease(name(key), holder: other)
                if case .held = try await take(key) {
                    held.insert(key)
                    return
                }
            }
            throw StoreError(
                .conflict, "another process drives run \(key.name) until at least \(until)",
                hint: "Wait for it, or end that process; `rebound abort` reaches it through the store.")
        } catch {
            throw ExperimentError(
                error.code == .conflict ? .busy : .store, error.message, hint: error.hint, cause: error)
        }
    }

    /// Renews until cancelled.
    func renew() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: duration / 3) } catch { return }
            for key in held {
                do throws(StoreError) {
                    // Lost: every write of another driver makes ours conflict, so the next step stops by itself.
                    if case .heldByOther = try await take(key) { held.remove(key) }
                } catch {
                    logger.warning("lease not renewed", metadata: ["run": "\(key.name)", "reason": "\(error.message)"])
                }
            }
        }
    }

    func release(_ key: ResourceKey) async {
        guard held.remove(key) != nil else { return }
        // Losing the error is right: a lease that is not given back runs out.
        try? await store.releaseLease(name(key), holder: holder.text)
    }

    func releaseAll() async {
        for key in held { await release(key) }
    }

    private func take(_ key: ResourceKey) async throws(StoreError) -> LeaseOutcome {
        try await store.acquireLease(name(key), holder: holder.text, for: duration, now: clock.wall())
    }

    private func name(_ key: ResourceKey) -> String { "run/\(key.namespace)/\(key.name)" }
}

/// The first failure that ended a run's driving.
final class FirstFailure: Sendable {
    private let first = Mutex<ExperimentError?>(nil)

    var error: ExperimentError? { first.withLock { $0 } }

    func note(_ error: ExperimentError) { first.withLock { $0 = $0 ?? error } }
}
