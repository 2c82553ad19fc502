// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

@testable import ExperimentControl

/// On real file systems of these tests' own; they need root and loop devices.
@Suite("a store that cannot be written", .serialized)
struct UnwritableStoreTests {
    private static let stop = Sample.fault(.ec2(.stop), duration: .seconds(60))

    @Test("on a full disk nothing new is harmed, and what is harmed is put back and recorded")
    func full() async throws {
        let disk = try MountedDisk("mount -t tmpfs -o size=16M tmpfs")
        let bench = try await Bench(.alone(3), store: disk.folder.path, reserveBytes: 2 << 20)
        let (run, injection) = try await bench.prepare(Self.stop)
        let (_, second) = try await bench.prepare(Self.stop, target: World.id(2), run: "run-2")
        let (_, third) = try await bench.prepare(Self.stop, target: World.id(3), run: "run-3")
        let held = try await bench.advance(injection, of: run, until: [.effective])
        let armed = try await bench.advance(second, of: run, until: [.armed])
        disk.fill()
        for refused in [armed, third] {
            await #expect(throws: StoreError.self) {
                _ = try await bench.advance(refused, of: run, until: [.effective])
            }
        }
        #expect(bench.aws.count("StopInstances") == 1)
        let reverting = try await bench.advance(held, of: run, until: [.reverting])
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let done = try await bench.advance(reverting, of: run, until: [.reverted])
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
        #expect(try await bench.store.get(Injection.self, namespace: "default", name: done.metadata.name) == done)
        let acts = try await bench.audit().filter { $0.action == "aws:ec2:StartInstances" }.map(\.result)
        #expect(acts == ["intent", "accepted"])
    }

    @Test("on a file system that became read-only everything is put back, and the run aborts once it can be written")
    func readOnly() async throws {
        let disk = try MountedDisk(image: 16 << 20)
        let bench = try await Bench(.alone(3), store: disk.folder.path)
        let (run, injection) = try await bench.prepare(Self.stop)
        _ = try await bench.advance(injection, of: run, until: [.effective])
        bench.aws.world.instances[World.id(1)]?.state = "stopped"
        let (_, second) = try await bench.prepare(Self.stop, target: World.id(2), run: "run-2")
        let armed = try await bench.advance(second, of: run, until: [.armed])
        try disk.run("mount -o remount,abort")
        await #expect(throws: StoreError.self) { _ = try await bench.injector.advance(armed, in: bench.context(run)) }
        #expect(bench.aws.count("StopInstances") == 1)
        let watches = RunWatches()
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, confirmLease: { _ in })
        for _ in 0..<3 { _ = await reconciler.reconcile(run.key) }
        #expect(bench.aws.count("StartInstances") == 1)
        #expect(bench.aws.world.instances[World.id(1)]?.state == "running")
        #expect(watches.hasUnrecorded(run.key))
    }

    @Test("what was put back without a record ends its run")
    func afterwards() async throws {
        let bench = try await Bench(.alone(3))
        let (run, _) = try await bench.prepare(Self.stop)
        let watches = RunWatches()
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, confirmLease: { _ in })
        watches.noteUnrecorded(run.key)
        let aborted = try await reconciler.abortAfterUnrecorded(run)
        #expect(aborted.spec.abort?.reason.contains("put back") == true)
        #expect(!watches.hasUnrecorded(run.key))
        #expect(try await reconciler.abortAfterUnrecorded(aborted) == aborted)
    }

    @Test("evidence that cannot be written is kept up to a bound, and beyond it the report has a gap")
    func evidence() async throws {
        let bench = try await Bench(.alone(3), clock: HandClock())
        let (_, injection) = try await bench.prepare(Self.stop)
        var run = try #require(try await bench.store.get(Run.self, namespace: "default", name: "run-1"))
        run.status = RunStatus(phase: .holding)
        run.status?.anchor = bench.clock.anchor()
        let anchor = try #require(run.status?.anchor)
        let watcher = EvidenceWatcher(
            run: run.uid, anchor: anchor, injections: [injection], aws: bench.connections, store: bench.store,
            clock: bench.clock, interval: .seconds(600), mostUnwritten: 2, logger: .silent, sawHaltTag: { _ in })
        let session = RunSession(
            run: run.uid, spec: run.spec.plan, anchor: anchor, store: bench.store, clock: bench.clock,
            logger: .silent)
        await (bench.store as? SQLiteStore)?.close()
        for state in ["running", "stopping", "stopped"] {
            bench.aws.world.instances[World.id(1)]?.state = state
            #expect(await watcher.stop() == nil)  // One look.
            bench.clock.advance(by: .seconds(1))
        }
        let watches = RunWatches()
        watches[run.uid] = RunWatches.Watch(key: run.key, session: session, evidence: watcher)
        let reconciler = RunReconciler(
            store: bench.store, connections: bench.connections, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, watches: watches, logger: .silent, confirmLease: { _ in })
        bench.aws.world.instances[World.id(1)]?.state = "terminated"
        let lost = try #require(await reconciler.stopWatching(run))
        run.status?.note(lost)
        let gap = try #require(run.status?.evidenceGaps.first)
        #expect(gap.start == anchor.wall)
        #expect(gap.end == anchor.wall.advanced(by: .seconds(1)))
        #expect(gap.reason.contains("could not be written"))
    }

    @Test("what is put back without a record stands in no line of calls either")
    func urgent() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        let held = try await bench.advance(injection, of: run, until: [.effective])
        let witness = UrgencyWitness()
        let injector = Injector(
            records: StoredRecords(store: bench.store), world: witness, clock: bench.clock, options: bench.options,
            outbox: bench.outbox, confirmLease: { _ in }, logger: .silent, tries: TriesUnderWay())
        await injector.revertUnrecorded(held)
        #expect(witness.seen.withLock { $0 } == [true])
    }

    @Test("each call that changes something is in the audit, its intent before and its result after")
    func audit() async throws {
        let bench = try await Bench(.alone(3))
        let (run, injection) = try await bench.prepare(Self.stop)
        _ = try await bench.advance(injection, of: run, until: [.effective])
        let acts = try await bench.audit().filter { $0.action.hasPrefix("aws:") }
        #expect(
            acts.map(\.action) == [
                "aws:ec2:CreateTags", "aws:ec2:CreateTags", "aws:ec2:StopInstances", "aws:ec2:StopInstances",
            ])
        #expect(acts.map(\.result).filter { $0 == "intent" }.count == 2)
        #expect(acts.allSatisfy { $0.object.hasSuffix(World.id(1)) && $0.detail?.contains("run-1") == true })
    }
}

extension Bench {
    fileprivate func audit() async throws -> [AuditEntry] {
        try await store.auditEntries(after: 0, limit: 1_000).map { try AuditChain.entry(of: $0) }
    }

    fileprivate func context(_ run: Run) -> Injector.Context {
        Injector.Context(run: run, policies: [], targets: [], mayHarm: true)
    }
}

/// A world that only says how urgently it was asked.
private final class UrgencyWitness: InjectionWorld {
    let seen = Mutex<[Bool]>([])

    func fault(of injection: Injection) async throws(AWSError) -> any AWSFault {
        seen.withLock { $0.append(AWSUrgency.isUndo) }
        throw AWSError(code: .network, message: "no world", hint: "", service: "test", action: "test")
    }

    func room(for spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError) -> Int? {
        nil
    }
    func refusal(of spec: InjectionSpec, in context: Injector.Context, now: Timestamp) async throws(AWSError)
        -> String?
    { nil }
    func mark(_ injection: Injection, in context: Injector.Context) async throws(AWSError) {}
}

/// A small file system, mounted over a folder of its own.
private final class MountedDisk: Sendable {
    let folder: TestFolder
    private let image: String

    init(_ mount: String) throws {
        folder = try TestFolder()
        image = ""
        try run(mount)
    }

    /// ext4 in a file, which the kernel can be told to make read-only as after a disk error (ext4(5), `abort`).
    init(image bytes: Int) throws {
        folder = try TestFolder()
        image = folder.path + ".img"
        close(open(image, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        truncate(image, off_t(bytes))
        try run("mkfs.ext4 -q -m0 \(image) && mount -o loop,errors=remount-ro \(image)")
    }

    deinit {
        umount2(folder.path, 2)  // MNT_DETACH: also when a failed test left the store open.
        if !image.isEmpty { unlink(image) }
    }

    func run(_ command: String) throws {
        guard system("\(command) \(folder.path)") == 0 else {
            throw StoreError(.unavailable, "failed: \(command)", hint: "Run as root, with loop devices.")
        }
    }

    func fill() {
        let file = open(folder.path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 65_536)
        while write(file, block, block.count) > 0 {}
        close(file)
    }
}
