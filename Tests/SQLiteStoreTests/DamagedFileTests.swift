// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Testing

@Suite("Files that are not a sound store")
struct DamagedFileTests {
    @Test("rubbish is not taken for a store")
    func rubbish() async throws {
        let folder = try StoreFolder()
        close(Glibc.open(folder.store, O_CREAT | O_WRONLY, 0o600))
        folder.overwrite([UInt8](repeating: 0x41, count: 8_192), at: 0)
        let error = await storeError { _ = try await folder.open() }
        #expect(error?.code == .corrupt)
        #expect(error?.hint.contains(folder.store) == true)
    }

    @Test("a damaged page is found when the store is opened", arguments: [2, 5, 9, 14])
    func damagedPage(page: Int) async throws {
        let folder = try StoreFolder()
        try await fill(folder)
        folder.overwrite([UInt8](repeating: 0xA5, count: 4_096), at: page * 4_096)
        let error = await storeError { _ = try await folder.open() }
        #expect(error?.code == .corrupt)
        #expect(error?.hint.contains("backup") == true)
    }

    @Test("a cut file is found when the store is opened")
    func cut() async throws {
        let folder = try StoreFolder()
        try await fill(folder)
        truncate(folder.store, 20_000)
        #expect(await storeError { _ = try await folder.open() }?.code == .corrupt)
    }

    // sqlite.org/fileformat2.html: user_version lies at byte 60, application_id at byte 68, big-endian.
    @Test("the store of a later version, and another program's database, are left alone", arguments: [60, 68])
    func foreign(offset: Int) async throws {
        let folder = try StoreFolder()
        try await fill(folder)
        folder.overwrite([0, 0, 0x70, 0x01], at: offset)
        let error = await storeError { _ = try await folder.open() }
        #expect(error?.code == .invalid)
        #expect(error?.hint.contains("--store") == true)
    }

    @Test("several who open a new store at once all get it")
    func together() async throws {
        let folder = try StoreFolder()
        let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
            for _ in 0..<8 { group.addTask { try await folder.open() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, store) in stores.enumerated() {
            _ = try await store.create(Policy(metadata: ObjectMetadata(name: "p\(number)"), spec: PolicySpec()))
        }
        #expect(try await stores[0].list(Policy.self, namespace: nil, labels: [:]).items.count == 8)
        for store in stores { await store.close() }
    }

    private func fill(_ folder: StoreFolder) async throws {
        let store = try await folder.open()
        for number in 0..<20 {
            _ = try await store.create(Policy(metadata: ObjectMetadata(name: "p\(number)"), spec: PolicySpec()))
            try await store.append(
                chunk: MeasurementChunk(run: "r", content: .sightings, data: [UInt8](repeating: 7, count: 4_000)))
        }
        await store.close()
    }
}
