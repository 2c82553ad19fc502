// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Testing

@Suite("Backup and restore")
struct BackupTests {
    private let options = SQLiteStoreOptions(environment: .system)

    private func policy(_ name: String) -> Policy { Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec()) }

    private func run(_ name: String) -> Run {
        let plan = ExperimentSpec(
            hypothesis: "h", steadyState: [], faults: [], limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.seconds(3)), giveUpAfter: WrittenDuration(.seconds(9))))
        return Run(
            metadata: ObjectMetadata(name: name),
            spec: RunSpec(experiment: "e", plan: plan, seed: 1, requestedBy: "a test"))
    }

    @Test("a backup that is made while four write is sound, and of one moment")
    func inUse() async throws {
        let (folder, copy) = (try StoreFolder(), try StoreFolder())
        let store = try await folder.open()
        for number in 0..<50 { _ = try await store.create(policy("before-\(number)")) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask { for number in 0..<25 { _ = try await store.create(policy("w\(writer)-\(number)")) } }
            }
            group.addTask { try await store.backup(to: copy.store) }
            try await group.waitForAll()
        }
        #expect(copy.mode(of: copy.store) == 0o600)
        let backup = try await copy.open()
        #expect(try await backup.check().damage == nil)
        let names = try await backup.list(Policy.self, namespace: nil, labels: [:]).items.map(\.metadata.name)
        #expect(names.filter { $0.hasPrefix("before") }.count == 50)
        // Of one moment: what is there of each writer is all up to some point, and as many records as writes.
        for writer in 0..<4 {
            let count = names.filter { $0.hasPrefix("w\(writer)-") }.count
            for number in 0..<count { #expect(names.contains("w\(writer)-\(number)")) }
        }
        #expect(try await backup.auditHead().sequence == Int64(names.count))
        await backup.close()
        await store.close()
    }

    @Test("nothing is written over: not by a backup, not by a restore, open or not", arguments: [true, false])
    func refused(isOpen: Bool) async throws {
        let (folder, copy) = (try StoreFolder(), try StoreFolder())
        let store = try await folder.open()
        let written = try await store.create(policy("p"))
        try await store.backup(to: copy.store)
        #expect(await storeError { try await store.backup(to: copy.store) }?.code == .alreadyExists)
        if !isOpen { await store.close() }
        let error = await storeError {
            _ = try await SQLiteStore.restore(from: copy.store, to: folder.store, options: options)
        }
        #expect(error?.code == .alreadyExists)
        if !isOpen {
            let again = try await folder.open()
            #expect(try await again.get(Policy.self, namespace: "", name: "p") == written)
            await again.close()
        }
        await store.close()
    }

    @Test("what is no backup is refused, and leaves nothing behind", arguments: ["missing", "empty", "rubbish"])
    func noBackup(sort: String) async throws {
        let (folder, copy) = (try StoreFolder(), try StoreFolder())
        if sort != "missing" { close(Glibc.open(copy.store, O_CREAT | O_WRONLY, 0o600)) }
        if sort == "rubbish" { copy.overwrite([UInt8](repeating: 0x41, count: 8_192), at: 0) }
        let error = await storeError {
            _ = try await SQLiteStore.restore(from: copy.store, to: folder.store, options: options)
        }
        #expect(error != nil)
        #expect(error?.message.contains(copy.store) == true || error?.message.contains(folder.store) == true)
        #expect(folder.mode(of: folder.store) == nil)
    }

    @Test("a restored store has everything, asks what was under way to abort, and gives no version or token again")
    func restored() async throws {
        let (folder, copy) = (try StoreFolder(), try StoreFolder())
        let store = try await copy.open()
        var done = try await store.create(run("done"))
        done.status = RunStatus(phase: .done)
        done = try await store.updateStatus(done)
        let going = try await store.create(run("going"))
        let caps = ReservationCaps(perRun: 9)
        let now = StoreEnvironment.system.now()
        let asked = Reservation(id: "a", run: "x", target: "i", group: "", at: now)
        let before = try await store.reserve(asked, caps: caps)
        try await store.backup(to: folder.path + "/backup.db")
        await store.close()
        let aborted = try await SQLiteStore.restore(
            from: folder.path + "/backup.db", to: folder.store, options: options)
        #expect(aborted == [going.key.description])
        let restored = try await folder.open()
        #expect(try await restored.get(Run.self, namespace: "default", name: "done") == done)
        let abort = try await restored.get(Run.self, namespace: "default", name: "going")?.spec.abort
        #expect(abort?.requestedBy == "system:restore")
        #expect(try await restored.reserve(asked, caps: caps) == before)
        let other = Reservation(id: "b", run: "x", target: "j", group: "", at: now)
        guard case .held(let old) = before,
            case .held(let new) = try await restored.reserve(other, caps: caps)
        else {
            Issue.record("a free target was refused")
            return
        }
        #expect(new > old + 1_000_000)
        let watched = await storeError {
            for try await _ in restored.watch(.run, after: going.metadata.resourceVersion ?? "") {}
        }
        #expect(watched?.code == .expired)
        let verified = try await restored.verifyAudit(AuditVerification(digest: restored.auditDigest))
        #expect(verified.finding == nil)
        await restored.close()
    }
}
