// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Dispatch
import FoundationEssentials
import Glibc
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("one driver for a run")
struct LeaseTests {
    private static let key = ResourceKey(kind: .run, namespace: "default", name: "run-1")
    private static let name = "run/default/run-1"

    private static func leases(_ bench: Bench) -> HeldLeases {
        HeldLeases(
            holder: LeaseHolder(bootID: bench.clock.bootID), store: bench.store, clock: bench.clock,
            duration: .seconds(15), logger: .silent)
    }

    /// Starts a process that sleeps; kill it and wait for it.
    private static func child() -> pid_t {
        var pid = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { for argument in arguments { free(argument) } }
        let code = posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, environ)
        precondition(code == 0, "sleep cannot be started: \(code)")
        return pid
    }

    /// The name that a process with this number and start time gives itself here.
    private static func holder(pid: pid_t, start: String? = nil) -> String {
        let own = LeaseHolder(bootID: "boot-1").text.split(separator: ":")
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return "\(own[0]):\(own[1]):\(pid):\(start ?? (fields.count > 19 ? String(fields[19]) : "1"))"
    }

    @Test("a process that lives is not gone; with another start time, boot or namespace it is not judged by its number")
    func alive() {
        let holder = LeaseHolder(bootID: "boot-1")
        #expect(!holder.isGone(holder.text))
        let child = Self.child()
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        #expect(!holder.isGone(Self.holder(pid: child)))
        #expect(holder.isGone(Self.holder(pid: child, start: "1")), "its number was given to another process")
        let parts = holder.text.split(separator: ":")
        #expect(!holder.isGone("boot-2:\(parts[1]):999999:1"), "of another boot nothing is known")
        #expect(!holder.isGone("boot-1:1:999999:1"), "in another container the numbers mean others")
        #expect(!LeaseHolder(bootID: "").isGone(":\(parts[1]):999999:1"))
        for broken in ["", ":::", "boot-1:\(parts[1]):x:1", "boot-1:\(parts[1]):-1:1", "boot-1"] {
            #expect(!holder.isGone(broken))
        }
    }

    @Test("a stopped process is not gone, a zombie and a dead one are")
    func dead() {
        let holder = LeaseHolder(bootID: "boot-1")
        let child = Self.child()
        let text = Self.holder(pid: child)
        kill(child, SIGSTOP)
        #expect(!holder.isGone(text))
        kill(child, SIGKILL)
        var info = siginfo_t()
        // Waits for the end, and leaves the zombie.
        waitid(P_PID, id_t(child), &info, Int32(WEXITED) | Int32(WNOWAIT))
        #expect(holder.isGone(text))
        waitpid(child, nil, 0)
        #expect(holder.isGone(text))
    }

    @Test("a run that a living process drives is busy until its lease runs out; of a dead one it is taken at once")
    func takingOver() async throws {
        let bench = try await Bench(World())
        let leases = Self.leases(bench)
        let child = Self.child()
        let other = Self.holder(pid: child)
        _ = try await bench.store.acquireLease(Self.name, holder: other, for: .seconds(15), now: bench.clock.wall())
        let busy = await #expect(throws: ExperimentError.self) { try await leases.hold(Self.key) }
        #expect(busy?.code == .busy)
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
        try await leases.hold(Self.key)
        guard
            case .heldByOther = try await bench.store.acquireLease(
                Self.name, holder: other, for: .seconds(15), now: bench.clock.wall())
        else { return #expect(Bool(false), "the lease was not taken over") }
    }

    @Test("a lease that was not renewed for its length is asked for again, and is lost when another has it")
    func stopped() async throws {
        let bench = try await Bench(World())
        let leases = Self.leases(bench)
        try await leases.hold(Self.key)
        try await leases.confirm(Self.key)
        // The process is stopped for longer than the lease; another takes it over.
        bench.clock.advance(by: .seconds(15))
        let other = "boot-9:1:1:1"
        _ = try await bench.store.acquireLease(Self.name, holder: other, for: .seconds(15), now: bench.clock.wall())
        let busy = await #expect(throws: ExperimentError.self) { try await leases.hold(Self.key) }
        #expect(busy?.code == .busy)
        let lost = await #expect(throws: StoreError.self) { try await leases.confirm(Self.key) }
        #expect(lost?.code == .conflict)
        bench.clock.advance(by: .seconds(15))
        try await leases.hold(Self.key)
    }

    @Test("within its length a lease that another took is still noticed right before an act")
    func confirming() async throws {
        let bench = try await Bench(World())
        let leases = Self.leases(bench)
        try await leases.hold(Self.key)
        try await bench.store.releaseLease(Self.name, holder: LeaseHolder(bootID: "boot-1").text)
        _ = try await bench.store.acquireLease(
            Self.name, holder: "boot-9:1:1:1", for: .seconds(15), now: bench.clock.wall())
        try await leases.hold(Self.key)
        await #expect(throws: StoreError.self) { try await leases.confirm(Self.key) }
        await #expect(throws: ExperimentError.self) { try await leases.hold(Self.key) }
    }

    @Test("a lease is renewed while it is held, and given back at the end")
    func renewing() async throws {
        let bench = try await Bench(World(), clock: HandClock())
        let leases = Self.leases(bench)
        try await leases.hold(Self.key)
        let renewing = Task { await leases.renew() }
        for _ in 0..<10 {
            await bench.clock.manual.untilSleeping(1)
            bench.clock.advance(by: .seconds(5))
        }
        await bench.clock.manual.untilSleeping(1)
        let now = bench.clock.wall()
        let outcome = try await bench.store.acquireLease(Self.name, holder: "x", for: .seconds(15), now: now)
        guard case .heldByOther(_, let until) = outcome else { return #expect(Bool(false), "not renewed") }
        #expect(until.since(now) >= .seconds(5))
        renewing.cancel()
        await renewing.value
        await leases.releaseAll()
        guard case .held = try await bench.store.acquireLease(Self.name, holder: "x", for: .seconds(15), now: now)
        else {
            return #expect(Bool(false), "not given back")
        }
    }

    @Test("a lease that is given back while it is renewed stays given back", .timeLimit(.minutes(1)))
    func releasedWhileRenewed() async throws {
        let folder = try TestFolder()
        let gate = DispatchSemaphore(value: 0)
        let (commits, commit) = AsyncStream.makeStream(of: Int.self)
        let store = try await SQLiteStore.open(
            path: folder.path + "/store.db",
            options: SQLiteStoreOptions(environment: .system) { moment, write in
                guard moment == .aboutToCommit, write.operation == .acquireLease else { return }
                commit.yield(write.number)
                if write.number == 2 { gate.wait() }  // On the store's own thread.
            })
        let clock = HandClock()
        let leases = HeldLeases(
            holder: LeaseHolder(bootID: clock.bootID), store: store, clock: clock, duration: .seconds(15),
            logger: .silent)
        try await leases.hold(Self.key)
        let renewing = Task { await leases.renew() }
        await clock.manual.untilSleeping(1)
        clock.advance(by: .seconds(5))
        for await number in commits where number == 2 { break }
        async let released: Void = leases.release(Self.key)
        while await leases.wasHeld(Self.key) { await Task.yield() }
        gate.signal()
        await released
        await clock.manual.untilSleeping(1)
        #expect(await !leases.wasHeld(Self.key))
        let outcome = try await store.acquireLease(Self.name, holder: "x", for: .seconds(15), now: clock.wall())
        guard case .held = outcome else { return #expect(Bool(false), "it is held for ever") }
        renewing.cancel()
        await renewing.value
        await store.close()
    }
}
