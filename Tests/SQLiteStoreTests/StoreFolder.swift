// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore

/// A folder of this test's own, removed with what is in it.
final class StoreFolder: Sendable {
    let path: String
    var store: String { path + "/store.db" }
    var acts: String { path + "/acts" }

    init() throws {
        var template = Array("/tmp/rebound-store-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError(.unavailable, "mkdtemp failed", hint: "See errno.") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in ["store.db", "store.db-wal", "store.db-shm", "store.db-reserve", "backup.db", "acts"] {
            unlink("\(path)/\(name)")
        }
        rmdir(path)
    }

    func open(_ options: SQLiteStoreOptions = SQLiteStoreOptions(environment: .system)) async throws -> SQLiteStore {
        try await SQLiteStore.open(path: store, options: options)
    }

    /// The lines of the act log: id, run, target, token.
    func actLines() -> [[String]] {
        guard let file = fopen(acts, "r") else { return [] }
        defer { fclose(file) }
        var lines: [[String]] = []
        var buffer = [CChar](repeating: 0, count: 1_024)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:))
            lines.append(String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init))
        }
        return lines
    }

    /// Changes bytes of the store's file, as a broken disk would.
    func overwrite(_ bytes: [UInt8], at offset: Int) {
        let file = Glibc.open(store, O_WRONLY)
        pwrite(file, bytes, bytes.count, off_t(offset))
        close(file)
    }

    func mode(of file: String) -> mode_t? {
        var status = stat()
        return stat(file, &status) == 0 ? status.st_mode & 0o777 : nil
    }
}

/// The error that the body throws; nil when it throws none or another.
func storeError(_ body: () async throws -> Void) async -> StoreError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StoreError
    }
}
