// SPDX-License-Identifier: Apache-2.0
import CLinux
import FaultModel
import Glibc
package import HostSystem

/// The undo records of a host: written and flushed before anything is done, and read by whoever reverts.
///
/// A folder of files of one size. `spare-N` are whole already, with every byte written, so that arming takes no
/// space: a record is written into a spare, flushed, and then takes its name, which is one step for the disk. A record
/// therefore is there whole or not at all. What was reverted longest ago becomes a spare again when none is left.
/// All who change it hold `lock`, which the kernel lets go when they end.
package struct Journal: Sendable {
    /// How many files there are: injections at once, and those over that are remembered.
    package static let files = 32
    /// Where it lies unless another place is named.
    package static let usualFolder = "/var/lib/rebound/journal"
    package let folder: String
    private let flush: @Sendable (borrowing Descriptor, String) throws(HostError) -> Void

    /// `flush` is fsync(2); tests hand in one that fails.
    package init(
        folder: String,
        flush: @escaping @Sendable (borrowing Descriptor, String) throws(HostError) -> Void = HostFile.flush
    ) {
        (self.folder, self.flush) = (folder, flush)
    }

    /// Whether a file of the journal is that of an injection.
    package static func names(_ id: String, file: String) -> Bool { fileName(id) == file }

    static func fileName(_ id: String) -> String { "record-\(id)" }

    // MARK: The lock

    /// Runs `body` while nobody else changes the journal. Waits for others at most as long as they may take. On a disk
    /// that cannot be written, and only there, `body` runs without: reverting must not need a disk.
    package func locked<R>(_ body: () throws -> R) throws -> R {
        let path = "\(folder)/lock"
        let opened = clinux_open(path, O_RDWR | O_CREAT, 0o600)
        let file = opened >= 0 ? opened : clinux_open(path, O_RDONLY, 0)
        guard file >= 0 else {
            if errno == EROFS { return try body() }
            throw HostError.system("cannot open \(path)")
        }
        let lock = Descriptor(owning: file)
        let deadline = HostClock.monotonic.advanced(by: .seconds(60))
        while clinux_lock_exclusively(lock.number, 0) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw HostError.system("cannot lock \(path)") }
            if HostClock.milliseconds(until: deadline) == 0 {
                throw HostError(
                    .timedOut, "another process has held \(path) for 60 s", hint: "end the process that holds it")
            }
            poll(nil, 0, 5)
        }
        return try body()
    }

    // MARK: Space

    /// Makes the folder and its files where they are missing, every byte written and flushed. Throws `notDurable` when
    /// there is no room. Call it under the lock.
    package func reserve() throws {
        let names = try HostFile.names(in: folder)
        let held = names.filter { $0.hasPrefix("spare-") || $0.hasPrefix("record-") }
        guard held.count < Self.files else { return }
        for number in 0..<Self.files where !names.contains("spare-\(number)") {
            if try count() >= Self.files { break }
            try make("spare-\(number)")
        }
        try HostFile.flushFolder(folder)
    }

    private func count() throws(HostError) -> Int {
        try HostFile.names(in: folder).filter { $0.hasPrefix("spare-") || $0.hasPrefix("record-") }.count
    }

    private func make(_ name: String) throws(HostError) {
        let path = "\(folder)/\(name)"
        do {
            let file = try Descriptor(opening: path, O_RDWR | O_CREAT)
            let zeros = [UInt8](repeating: 0, count: RecordLayout.fileBytes)
            try HostFile.write(zeros, to: file, at: 0, path)
            try flush(file, path)
        } catch {
            unlink(path)  // Half of a spare is none.
            throw error
        }
    }

    // MARK: Records

    /// Every file that is not a spare, in the order of names.
    package func entries() throws(HostError) -> [JournalEntry] {
        try HostFile.names(in: folder).filter { $0 != "lock" && !$0.hasPrefix("spare-") }.map { name in
            do throws(HostError) {
                let bytes = try HostFile.read("\(folder)/\(name)", limit: RecordLayout.fileBytes + 1)
                return RecordLayout.entry(bytes, file: name)
            } catch {
                return .refused(file: name, reason: "\(error)")
            }
        }
    }

    /// The record of an injection; nil when there is none.
    package func entry(_ id: String) throws(HostError) -> JournalEntry? {
        let name = Self.fileName(id)
        guard access("\(folder)/\(name)", F_OK) == 0 else { return nil }
        return RecordLayout.entry(try HostFile.read("\(folder)/\(name)", limit: RecordLayout.fileBytes + 1), file: name)
    }

    /// Writes a record so that it outlives the power. Call it under the lock. Throws when it could not be made
    /// durable; nothing may be done to the host then.
    package func arm(_ record: UndoRecord) throws {
        guard let bytes = RecordLayout.framed(JSONText.compact(record.tree), room: RecordLayout.recordBytes) else {
            throw HostError(
                .failed, "the undo record of \(record.id) has more than \(RecordLayout.recordBytes) bytes",
                hint: "choose fewer targets")
        }
        let spare = try takeSpare()
        let path = "\(folder)/\(spare)"
        do {
            let file = try Descriptor(opening: path, O_RDWR)
            let zeros = [UInt8](repeating: 0, count: RecordLayout.fileBytes - bytes.count)
            try HostFile.write(bytes + zeros, to: file, at: 0, path)
            try flush(file, path)
        }
        try HostFile.rename(spare, to: Self.fileName(record.id), in: folder)
    }

    /// Writes how far an injection has come. Call it under the lock.
    package func append(_ state: InjectionState, to id: String, note: String = "") throws(HostError) {
        let path = "\(folder)/\(Self.fileName(id))"
        let file = try Descriptor(opening: path, O_RDWR)
        let bytes = try HostFile.read(file, limit: RecordLayout.fileBytes, path)
        let text = "\(state.rawValue) \(String(note.prefix(1_000)))"
        guard bytes.count == RecordLayout.fileBytes,
            let framed = RecordLayout.framed(text, room: RecordLayout.slotBytes)
        else {
            throw HostError(.failed, "\(path) is not whole", hint: "run `rebound-inject status`")
        }
        try HostFile.write(framed, to: file, at: RecordLayout.nextSlot(bytes), path)
        try flush(file, path)
    }

    /// A spare; what was reverted longest ago when there is none. Never one that is not reverted.
    private func takeSpare() throws -> String {
        if let spare = try HostFile.names(in: folder).first(where: { $0.hasPrefix("spare-") }) { return spare }
        let over = try entries().compactMap { entry -> UndoRecord? in
            if case .record(let record, .reverted, _) = entry { record } else { nil }
        }
        guard let oldest = over.min(by: { $0.written < $1.written }) else {
            throw HostError(
                .notDurable, "the journal \(folder) holds \(Self.files) records that are not reverted",
                hint: "run `rebound-inject revert --all`")
        }
        try HostFile.rename(Self.fileName(oldest.id), to: "spare-0", in: folder)
        return "spare-0"
    }
}
