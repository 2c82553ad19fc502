// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import Glibc
import ResourceStore
import SQLiteStore
import Testing

@Suite("Stores of earlier versions")
struct MigrationTests {
    /// The file that the first released version made: a run that was done, its measurements, reservations and report.
    private func version1(in folder: StoreFolder) throws {
        let fixture = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex))
        let data = try Data(contentsOf: URL(filePath: fixture + "/Fixtures/version1.db"))
        let file = open(folder.store, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        #expect(data.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == data.count)
    }

    @Test("a store of version 1 is brought up to date, and keeps all that was in it")
    func kept() async throws {
        let folder = try StoreFolder()
        try version1(in: folder)
        let store = try await folder.open()
        let run = try #require(try await store.get(Run.self, namespace: "default", name: "run"))
        #expect(run.status?.phase == .done)
        #expect(run.metadata.resourceVersion == "3")
        #expect(try await store.chunks(run: "run").map(\.data) == [[1, 2, 3], [1, 2, 3]])
        #expect(try await store.reservations(run: "run").map(\.isFinished) == [true, true])
        #expect(try await store.pendingReports(run: nil).map(\.id) == ["verdict"])
        let queue = ReportQueue(run: "run", destination: "verdict")
        #expect(try await store.dueReports(run: nil, now: Timestamp(nanosecondsSinceEpoch: 0), most: 9) == [queue])
        #expect(try await store.pendingReports(in: queue, most: 9).map(\.id) == ["verdict"])
        #expect(try await store.check().damage == nil)
        #expect(try await store.check().schemaVersion == 4)
        #expect(try await store.revocationCount() == 0)
        #expect(try await store.getDocument(run.key)?.resourceVersion == "3")
        await store.close()
        let again = try await folder.open()
        #expect(try await again.get(Run.self, namespace: "default", name: "run") == run)
        await again.close()
    }

    @Test("changes that version 1 wrote without contents can be watched by key, and are expired for documents")
    func changes() async throws {
        let folder = try StoreFolder()
        try version1(in: folder)
        let store = try await folder.open()
        let old = try await store.watch(.run, after: "0").prefix(3).reduce(into: []) { $0.append($1.change) }
        #expect(old == [.added, .modified, .modified])
        let error = await storeError {
            for try await _ in store.watchDocuments(.run, namespace: nil, after: "0", bookmarks: nil) {}
        }
        #expect(error?.code == .expired)
        let page = try await store.listDocuments(DocumentQuery(kind: .run))
        var run = try #require(try await store.get(Run.self, namespace: "default", name: "run"))
        run.metadata.labels = ["new": "yes"]
        run = try await store.update(run)
        for try await event in store.watchDocuments(
            .run, namespace: nil, after: page.resourceVersion, bookmarks: nil)
        {
            guard case .change(.modified, let document) = event else { break }
            #expect(document.resourceVersion == run.metadata.resourceVersion)
            break
        }
        await store.close()
    }

    @Test("a store of version 1 gives its room back like a new one")
    func shrinks() async throws {
        let folder = try StoreFolder()
        try version1(in: folder)
        let store = try await folder.open()
        var run = try #require(try await store.get(Run.self, namespace: "default", name: "run"))
        for number in 0..<50 {
            run.status?.verdictReasons = [String(repeating: "\(number)", count: 40_000)]
            run = try await store.updateStatus(run)
        }
        let policy = RetentionPolicy(runsFor: nil, runsPerExperiment: nil, changesFor: .seconds(-1))
        let report = try #require(try await store.upkeep(policy, holder: "a test"))
        #expect(report.changesRemoved == 53)
        #expect(report.bytesAfter * 2 < report.bytesBefore)
        await store.close()
    }
}
