// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Testing

private let megabyte = 1 << 20

private func chunk(_ number: Int) -> MeasurementChunk {
    MeasurementChunk(run: "run", content: .observations, data: [UInt8](repeating: UInt8(number & 0xFF), count: 16_384))
}

@Suite("The store's disk", .serialized)
struct DiskTests {
    @Test("the folder and the files are the user's own", arguments: ["", "/a/b"])
    func modes(below: String) async throws {
        let folder = try StoreFolder()
        let path = folder.path + below + "/store.db"
        let store = try await SQLiteStore.open(path: path, options: SQLiteStoreOptions(environment: .system))
        _ = try await store.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        for suffix in ["", "-wal", "-shm"] { #expect(folder.mode(of: path + suffix) == 0o600) }
        await store.close()
        guard !below.isEmpty else { return }
        #expect(folder.mode(of: folder.path + "/a") == 0o700)
        #expect(folder.mode(of: folder.path + "/a/b") == 0o700)
        unlink(path)
        rmdir(folder.path + "/a/b")
        rmdir(folder.path + "/a")
    }

    @Test("a file that others could read is closed to them")
    func narrowed() async throws {
        let folder = try StoreFolder()
        close(Glibc.open(folder.store, O_CREAT | O_WRONLY, 0o644))
        await (try folder.open()).close()
        #expect(folder.mode(of: folder.store) == 0o600)
    }

    @Test("what was written is there when the store is opened again, and a closed store says so")
    func reopened() async throws {
        let folder = try StoreFolder()
        let first = try await folder.open()
        let written = try await first.create(Policy(metadata: ObjectMetadata(name: "p"), spec: PolicySpec()))
        await first.close()
        await first.close()
        let closed = await storeError { _ = try await first.get(Policy.self, namespace: "", name: "p") }
        #expect(closed?.code == .unavailable)
        let unwritten = await storeError { try await first.finish(run: "x") }
        #expect(unwritten?.code == .unavailable)
        let second = try await folder.open()
        #expect(try await second.get(Policy.self, namespace: "", name: "p") == written)
        await second.close()
    }

    @Test("a full disk refuses the write, keeps what was confirmed, and works on when there is room")
    func full() async throws {
        let disk = try SmallDisk(bytes: 1 * megabyte)
        let store = try await SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))
        var confirmed = 0
        var failure: StoreError?
        while failure == nil, confirmed < 1_000 {
            failure = await storeError { try await store.append(chunk: chunk(confirmed)) }
            if failure == nil { confirmed += 1 }
        }
        #expect(failure?.code == .full)
        #expect(failure?.hint.contains("Free space") == true)
        #expect(try await store.chunks(run: "run") == (0..<confirmed).map(chunk))
        try disk.resize(bytes: 8 * megabyte)
        try await store.append(chunk: chunk(confirmed))
        await store.close()
        let again = try await SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))
        #expect(try await again.chunks(run: "run") == (0...confirmed).map(chunk))
        await again.close()
    }

    @Test("a reservation that the full disk refused does not count")
    func fullReserve() async throws {
        let disk = try SmallDisk(bytes: 1 * megabyte)
        let store = try await SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))
        while await storeError({ try await store.append(chunk: chunk(1)) }) == nil {}
        let now = StoreEnvironment.system.now()
        var held = 0
        for number in 0..<400 {
            let asked = Reservation(id: "\(number)", run: "run", target: "\(number)", group: "", at: now)
            let error = await storeError { _ = try await store.reserve(asked, caps: ReservationCaps(perRun: 1_000)) }
            if error == nil { held += 1 } else { #expect(error?.code == .full) }
        }
        #expect(held < 400)
        #expect(try await store.reservations(run: "run").count == held)
        await store.close()
    }

    @Test("a disk that cannot be written is said to be so, with what to do")
    func readOnly() async throws {
        let disk = try SmallDisk(bytes: megabyte)
        await (try SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))).close()
        try disk.makeReadOnly()
        let error = await storeError {
            _ = try await SQLiteStore.open(path: disk.store, options: SQLiteStoreOptions(environment: .system))
        }
        #expect(error?.code == .readOnly)
        #expect(error?.hint.contains("--store") == true)
    }

    @Test("a folder in place of the file is refused")
    func isFolder() async throws {
        let folder = try StoreFolder()
        let error = await storeError {
            _ = try await SQLiteStore.open(path: folder.path, options: SQLiteStoreOptions(environment: .system))
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains(folder.path) == true)
    }
}
