// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Logging
import ResourceStore

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

/// The right to drive one run.
struct RunLease: Sendable {
    let name: String
    let holder: LeaseHolder
    let store: any ResourceStore
    let clock: any ControlClock
    let duration: Duration

    func acquire() async throws(ExperimentError) {
        do throws(StoreError) {
            guard case .heldByOther(let other, let until) = try await take() else { return }
            if holder.isGone(other) {
                try await store.releaseLease(name, holder: other)
                if case .held = try await take() { return }
            }
            throw StoreError(
                .conflict, "another process drives this run until at least \(until)",
                hint: "Wait for it, or end that process; `rebound abort` reaches it through the store.")
        } catch {
            throw ExperimentError(
                error.code == .conflict ? .busy : .store, error.message, hint: error.hint, cause: error)
        }
    }

    private func take() async throws(StoreError) -> LeaseOutcome {
        try await store.acquireLease(name, holder: holder.text, for: duration, now: clock.wall())
    }

    /// Renews three times within the lease's length. Owned by the caller, which cancels it.
    func startRenewing(logger: Logger) -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                do { try await clock.sleep(for: duration / 3) } catch { return }
                do throws(StoreError) { _ = try await take() } catch {
                    logger.warning("lease not renewed", metadata: ["lease": "\(name)", "reason": "\(error.message)"])
                }
            }
        }
    }

    func release() async {
        // Losing the error is right: a lease that is not given back runs out.
        try? await store.releaseLease(name, holder: holder.text)
    }
}
