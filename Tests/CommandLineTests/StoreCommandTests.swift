// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import FoundationEssentials
import Glibc
import ResourceStore
import SQLiteStore
import Testing

@Suite("Commands that care for a store")
struct StoreCommandTests {
    private let desk = Desk()

    private func head() async throws -> String {
        let store = try await SQLiteStore.open(path: desk.path, options: SQLiteStoreOptions(environment: .system))
        let head = try await store.auditHead().description
        await store.close()
        return head
    }

    @Test("a store is backed up, and restored where none is")
    func backup() async throws {
        try await desk.keepSampleRun()
        let other = Desk()
        #expect(mkdir(other.folder, 0o700) == 0)
        #expect(await desk.run("store", "backup", other.path) == .pass)
        #expect(await desk.run("store", "backup", other.path) == .error)
        #expect(desk.errors.contains("There is a file at \(other.path) already."))
        #expect(await desk.run("store", "restore", other.path) == .error)
        let third = Desk()
        #expect(await third.run("store", "restore", other.path) == .pass)
        #expect(await third.run("get", "runs") == .pass)
        #expect(third.output.contains(Samples.run.metadata.name))
    }

    @Test("a check says that a store is sound, and what is in it")
    func check() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("store", "check") == .pass)
        #expect(desk.output.hasPrefix("sound\nschema version "))
        #expect(desk.output.contains("2 changes kept, 2 audit records\nRun: 1\n"))
    }

    @Test("compacting removes the runs whose time is over, and says so before it does")
    func compact() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("store", "compact", "--runs-per-experiment", "0", "--dry-run") == .pass)
        #expect(desk.output.contains("\(Samples.run.key) would go\n"))
        #expect(await desk.run("store", "compact", "--runs-per-experiment", "0") == .pass)
        #expect(desk.output.contains("\(Samples.run.key) is gone\n"))
        #expect(await desk.run("store", "compact", "--runs-for", "soon") == .usage)
        #expect(desk.errors.contains("--runs-for is soon, which is no duration"))
    }

    @Test("the audit is shown, verified, and held against a head that was kept")
    func audit() async throws {
        try await desk.keepSampleRun()
        let kept = try await head()
        #expect(await desk.run("audit", "verify", "--head", kept) == .pass)
        #expect(desk.output == "sound: 2 records, 0 checkpoints\nhead \(kept)\n")
        #expect(await desk.run("audit", "show") == .pass)
        #expect(desk.output.contains("system:controller  updateStatus  \(Samples.run.key)"))
        let cutOff = "3" + kept.dropFirst()
        let other = Desk()
        try await other.keepSampleRun()
        #expect(await other.run("audit", "verify", "--head", cutOff) == .fail)
        #expect(other.output == "BAD at record 3: records 3 to 3 were removed from the end\n")
        #expect(await other.run("audit", "verify", "--head", "rubbish") == .usage)
    }

    @Test("a store that is not there is said to be so", arguments: ["store check", "audit verify", "audit show"])
    func missing(command: String) async {
        let words = command.split(separator: " ").map(String.init)
        #expect(await desk.run(words[0], words[1]) == .error)
        #expect(desk.errors.hasPrefix("error: there is no store at \(desk.path)\n"))
    }
}
