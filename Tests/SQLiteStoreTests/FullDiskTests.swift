// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Testing

private let megabyte = 1 << 20

@Suite("A store whose disk is full", .serialized)
struct FullDiskTests {
    private static func options() -> SQLiteStoreOptions {
        SQLiteStoreOptions(environment: .system, reserveBytes: Int64(2 * megabyte))
    }

    private func fill(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 65_536)
        while write(file, block, block.count) > 0 {}
        close(file)
    }

    private func run(_ name: String) -> Run {
        let plan = ExperimentSpec(
            hypothesis: "h", steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(9))))
        return Run(
            metadata: ObjectMetadata(name: name),
            spec: RunSpec(experiment: "e", plan: plan, seed: 1, requestedBy: "a test"))
    }

    @Test("what ends work is written on, what begins work is refused, until there is room again")
    func full() async throws {
        let disk = try SmallDisk(bytes: 12 * megabyte)
        let store = try await SQLiteStore.open(path: disk.store, options: Self.options())
        var run = try await store.create(run("r"))
        let now = StoreEnvironment.system.now()
        let caps = ReservationCaps(perRun: 10)
        let held = Reservation(id: "a", run: "x", target: "i", group: "", at: now)
        _ = try await store.reserve(held, caps: caps)
        fill(disk.folder.path + "/filler")
        for number in 0..<100 {
            run.status = RunStatus(phase: .reverting)
            run.status?.verdictReasons = ["\(number)" + String(repeating: "x", count: 500)]
            run = try await store.updateStatus(run)
        }
        let other = Reservation(id: "b", run: "x", target: "j", group: "", at: now)
        #expect(await storeError { _ = try await store.reserve(other, caps: caps) }?.code == .full)
        #expect(await storeError { _ = try await store.reserve(held, caps: caps) }?.code == .full)
        let refused = await storeError { _ = try await store.create(self.run("s")) }
        #expect(refused?.code == .full)
        #expect(refused?.hint.contains("Free space") == true)
        #expect(await store.obstacle()?.code == .full)
        _ = try await store.create(Policy(metadata: ObjectMetadata(name: "halt"), spec: PolicySpec()))
        try await store.finish(run: "x")
        unlink(disk.folder.path + "/filler")
        #expect(await store.obstacle() == nil, "asking sets the room aside again")
        _ = try await store.create(self.run("s"))
        #expect(try await store.get(Run.self, namespace: "default", name: "r") == run)
        await store.close()
    }

    @Test("a disk that was full from the beginning begins no work")
    func fromTheBeginning() async throws {
        let disk = try SmallDisk(bytes: 4 * megabyte)
        let store = try await SQLiteStore.open(path: disk.store, options: Self.options())
        #expect(await storeError { _ = try await store.create(self.run("r")) }?.code == .full)
        try disk.resize(bytes: 12 * megabyte)
        _ = try await store.create(self.run("r"))
        await store.close()
    }

    @Test("a file system that became read-only under the store: reading goes on, each write says why it cannot")
    func readOnly() async throws {
        let disk = try FailingDisk()
        let store = try await SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))
        var run = try await store.create(run("r"))
        #expect(await store.obstacle() == nil)
        try disk.fail()
        #expect(await store.obstacle()?.code == .readOnly, "and not .full, whatever room there is")
        run.status = RunStatus(phase: .reverting)
        let changed = run
        let error = await storeError { _ = try await store.updateStatus(changed) }
        #expect(error?.code == .readOnly || error?.code == .unavailable)
        #expect(error?.hint.isEmpty == false)
        #expect(try await store.get(Run.self, namespace: "default", name: "r")?.status == nil)
        #expect(try await store.listDocuments(DocumentQuery(kind: .run)).items.count == 1)
        await store.close()
    }
}

/// A real ext4 file system in a file, which the kernel can be told to make read-only as it does after a disk error
/// (ext4(5), `abort`). Needs root and loop devices, which a build machine's container has.
final class FailingDisk: Sendable {
    let folder: StoreFolder
    private let image: String
    var store: String { folder.store }

    init() throws {
        folder = try StoreFolder()
        image = folder.path + ".img"
        close(open(image, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        truncate(image, off_t(16 * megabyte))
        try Self.run("mkfs.ext4 -q -m0 \(image) && mount -o loop,errors=remount-ro \(image) \(folder.path)")
    }

    deinit {
        umount2(folder.path, 2)  // MNT_DETACH: also when a failed test left the store open.
        unlink(image)
    }

    func fail() throws { try Self.run("mount -o remount,abort \(folder.path)") }

    private static func run(_ command: String) throws {
        guard system(command) == 0 else {
            throw StoreError(.unavailable, "failed: \(command)", hint: "Run as root, with loop devices.")
        }
    }
}
