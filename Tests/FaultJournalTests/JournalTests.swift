// SPDX-License-Identifier: Apache-2.0
import FaultModel
import Foundation
import HostSystem
import Synchronization
import Testing

@testable import FaultJournal

/// A journal in a folder of its own.
struct JournalFolder: ~Copyable {
    let path = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)").path

    init() throws { try HostFile.makeFolder(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // What is left in the temporary folder harms nobody.

    static func record(_ id: String, written: Int64 = 1) -> UndoRecord {
        UndoRecord(
            id: id, bootID: "01234567-89ab-cdef-0123-456789abcdef",
            written: Timestamp(nanosecondsSinceEpoch: written), deadline: MonotonicInstant(nanoseconds: 5),
            resources: ["network:eth0"], kind: "network", undo: .object([("interface", .text("eth0"))]))
    }

    func bytes(_ id: String) throws -> [UInt8] { try HostFile.read("\(path)/record-\(id)") }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }
}

@Suite("The journal")
struct JournalTests {
    @Test("the checksum is CRC-32C as RFC 3720 has it")
    func checksum() {
        #expect(Checksum.value("123456789".utf8) == 0xE306_9283)
        #expect(Checksum.value([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    @Test("what was armed is read back, and each state after it")
    func states() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        let record = JournalFolder.record("a.b-1")
        try journal.locked {
            try journal.reserve()
            try journal.arm(record)
        }
        for state in InjectionState.allCases {
            if state != .armed { try journal.append(state, to: record.id, note: "by a test") }
            guard case .record(let read, let found, _)? = try journal.entry(record.id) else {
                Issue.record("no record")
                return
            }
            #expect(JSONText.compact(read.tree) == JSONText.compact(record.tree))
            #expect(found == state)
        }
    }

    @Test("arming and stating take no new space")
    func space() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        func blocks() throws -> Int {
            try HostFile.names(in: folder.path).reduce(0) { sum, name in
                var about = stat()
                stat("\(folder.path)/\(name)", &about)
                return sum + Int(about.st_blocks)
            }
        }
        let before = try blocks()
        #expect(before * 512 >= Journal.files * RecordLayout.fileBytes)
        for number in 0..<Journal.files { try journal.arm(JournalFolder.record("r\(number)")) }
        try journal.append(.reverted, to: "r7")
        #expect(try blocks() == before)
    }

    @Test("when every file is taken, the record reverted longest ago makes room, and never another")
    func reuse() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        for number in 0..<Journal.files {
            try journal.arm(JournalFolder.record("r\(number)", written: Int64(100 - number)))
        }
        #expect(throws: HostError.self) { try journal.arm(JournalFolder.record("one-more")) }
        try journal.append(.reverted, to: "r3")
        try journal.append(.reverted, to: "r9")
        try journal.arm(JournalFolder.record("one-more"))
        #expect(try journal.entry("r9") == nil)
        guard case .record(_, .reverted, _)? = try journal.entry("r3") else {
            Issue.record("r3 is gone")
            return
        }
        guard case .record(_, .armed, _)? = try journal.entry("one-more") else {
            Issue.record("the states of the file's former life count")
            return
        }
    }

    @Test("whichever flush fails, the record is whole or the arming has thrown")
    func failingFlush() throws {
        for failing in 1...40 {
            let folder = try JournalFolder()
            let flushes = Mutex(0)
            let journal = Journal(folder: folder.path) { file, path throws(HostError) in
                let count = flushes.withLock { count in
                    count += 1
                    return count
                }
                if count == failing { throw HostError.system("cannot flush \(path)", errno: EIO) }
                try HostFile.flush(file, path)
            }
            var isArmed = false
            do {
                try journal.reserve()
                try journal.arm(JournalFolder.record("x"))
                isArmed = true
                try journal.append(.active, to: "x")
            } catch let error as HostError {
                #expect(error.code == .notDurable)
            }
            #expect(flushes.withLock { $0 } >= min(failing, 34))
            let entry = try journal.entry("x")
            if isArmed {
                guard case .record? = entry else {
                    Issue.record("flush \(failing): armed, and not there")
                    continue
                }
            } else {
                #expect(entry == nil, "flush \(failing)")
            }
        }
    }
}

@Suite("Hostile and broken journals")
struct HostileJournalTests {
    private func refusal(_ change: (inout [UInt8]) -> Void) throws -> String? {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        try journal.arm(JournalFolder.record("x"))
        var bytes = try folder.bytes("x")
        change(&bytes)
        try folder.write(bytes, "record-x")
        guard case .refused(let file, let reason)? = try journal.entries().first else { return nil }
        #expect(file == "record-x")
        return reason
    }

    @Test("an unchanged record is not refused")
    func instrument() throws { #expect(try refusal { _ in } == nil) }

    @Test("a record cut anywhere is refused by name", arguments: [0, 1, 40, 100, 98_304, 131_071])
    func truncated(length: Int) throws { #expect(try refusal { $0 = Array($0.prefix(length)) } != nil) }

    @Test("any bit that is turned in a record is seen")
    func everyBit() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        try journal.arm(JournalFolder.record("x"))
        let whole = try folder.bytes("x")
        let length = whole.prefix { $0 != 0 }.count
        for place in 0..<length {
            var bytes = whole
            bytes[place] ^= 1
            guard case .refused = RecordLayout.entry(bytes, file: "record-x") else {
                Issue.record("byte \(place) was turned, and nobody saw it")
                return
            }
        }
    }

    @Test(
        "a record with a right checksum that says something else is refused",
        arguments: [
            "{}", "[]", "no JSON", #"{"id":"../../etc","bootID":"01234567-89ab-cdef-0123-456789abcdef"}"#,
            #"{"id":"x","bootID":"$(reboot)","written":"2026-01-01T00:00:00Z","#
                + #""deadlineNanoseconds":1,"resources":["a"],"kind":"network","undo":{}}"#,
            #"{"id":"x","bootID":"01234567-89ab-cdef-0123-456789abcdef","#
                + #""written":"2026-01-01T00:00:00Z","deadlineNanoseconds":-1,"resources":["a"],"#
                + #""kind":"network","undo":{}}"#,
            #"{"id":"y","bootID":"01234567-89ab-cdef-0123-456789abcdef","#
                + #""written":"2026-01-01T00:00:00Z","deadlineNanoseconds":1,"resources":["a"],"#
                + #""kind":"network","undo":{}}"#,
            #"{"id":"x","bootID":"01234567-89ab-cdef-0123-456789abcdef","#
                + #""written":"2026-01-01T00:00:00Z","deadlineNanoseconds":1,"resources":["a"],"#
                + #""kind":"network","undo":{},"command":"reboot"}"#,
        ])
    func resealed(payload: String) throws {
        let refused = try refusal { bytes in
            let sealed = RecordLayout.framed(payload, room: RecordLayout.recordBytes) ?? []
            bytes.replaceSubrange(0..<RecordLayout.recordBytes, with: sealed)
        }
        #expect(refused != nil)
    }

    @Test("a file that is not ours is told, and hides none of ours")
    func foreign() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        try journal.arm(JournalFolder.record("x"))
        try folder.write(Array("hello".utf8), "record-a")
        try folder.write([], "something")
        let entries = try journal.entries()
        #expect(entries.count == 3)
        #expect(entries.filter { if case .refused = $0 { true } else { false } }.count == 2)
    }

    @Test("a state that was cut off is as if never written")
    func tornState() throws {
        let folder = try JournalFolder()
        let journal = Journal(folder: folder.path)
        try journal.reserve()
        try journal.arm(JournalFolder.record("x"))
        try journal.append(.active, to: "x")
        try journal.append(.reverted, to: "x")
        var bytes = try folder.bytes("x")
        let second = RecordLayout.recordBytes + RecordLayout.slotBytes
        bytes.replaceSubrange(second + 20..<second + 4_096, with: [UInt8](repeating: 0, count: 4_076))
        guard case .record(_, .active, _) = RecordLayout.entry(bytes, file: "record-x") else {
            Issue.record("not active")
            return
        }
    }
}
