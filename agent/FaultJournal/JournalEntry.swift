// SPDX-License-Identifier: Apache-2.0
import FaultModel

/// One file of the journal, as it was found.
package enum JournalEntry: Sendable {
    case record(UndoRecord, state: InjectionState, note: String)
    /// A file that is no whole record: never acted on, never removed, always told.
    case refused(file: String, reason: String)
}

/// How records lie in a file of fixed size: the record first, then its states in slots of one disk block each, so that
/// a torn write can hurt nothing that was written before. Everything carries its length and checksum.
enum RecordLayout {
    static let fileBytes = 131_072
    static let recordBytes = 98_304
    static let slotBytes = 4_096
    static let slots = (fileBytes - recordBytes) / slotBytes
    private static let mark = "rebound-journal 1"

    /// A payload with its line above it. Padded with zeros to the end of its room, so that what stood there before
    /// is gone.
    static func framed(_ payload: String, room: Int) -> [UInt8]? {
        let bytes = Array(payload.utf8)
        let head = Array("\(mark) \(bytes.count) \(Checksum.value(bytes))\n".utf8)
        guard head.count + bytes.count <= room else { return nil }
        return head + bytes + [UInt8](repeating: 0, count: room - head.count - bytes.count)
    }

    /// The payload, or why there is none. Nil in success is room that nothing was written in.
    static func payload(_ room: ArraySlice<UInt8>) -> Result<String?, LayoutFault> {
        if room.allSatisfy({ $0 == 0 }) { return .success(nil) }
        guard let end = room.prefix(64).firstIndex(of: 0x0A) else { return .failure(.init("no head line")) }
        let head = String(decoding: room[..<end], as: UTF8.self)
        let words = head.split(separator: " ")
        guard words.count == 4, head.hasPrefix(mark + " ") else {
            return .failure(.init("not of a version that is known here"))
        }
        let body = room[(end + 1)...]
        guard let length = Int(words[2]), 0...body.count ~= length, let sum = UInt32(words[3]) else {
            return .failure(.init("a length that cannot be"))
        }
        guard Checksum.value(body.prefix(length)) == sum else { return .failure(.init("the checksum does not fit")) }
        return .success(String(decoding: body.prefix(length), as: UTF8.self))
    }

    /// What a whole file says.
    static func entry(_ bytes: [UInt8], file: String) -> JournalEntry {
        guard bytes.count == fileBytes else {
            return .refused(file: file, reason: "\(bytes.count) bytes where \(fileBytes) are expected")
        }
        let text: String
        switch payload(bytes[..<recordBytes]) {
        case .failure(let fault): return .refused(file: file, reason: fault.reason)
        case .success(nil): return .refused(file: file, reason: "empty")
        case .success(let found?): text = found
        }
        let (trees, problems) = JSONReader.read(text)
        guard problems.isEmpty, trees.count == 1 else { return .refused(file: file, reason: "not JSON") }
        switch UndoRecord.read(trees[0]) {
        case .failure(let failure):
            return .refused(file: file, reason: failure.problems.first.map { "\($0)" } ?? "no record")
        case .success(let record):
            guard Journal.fileName(record.id) == file else {
                return .refused(file: file, reason: "holds the record of \(record.id)")
            }
            let (state, note) = state(bytes)
            return .record(record, state: state, note: note)
        }
    }

    /// The last state that was written whole. A slot that was not is as if never written: its step begins again.
    private static func state(_ bytes: [UInt8]) -> (InjectionState, String) {
        var last = (InjectionState.armed, "")
        for slot in 0..<slots {
            let start = recordBytes + slot * slotBytes
            // A torn slot is not a state.
            guard case .success(let text?) = payload(bytes[start..<start + slotBytes]) else { continue }
            let words = text.split(separator: " ", maxSplits: 1)
            guard let state = words.first.flatMap({ InjectionState(rawValue: String($0)) }) else { continue }
            last = (state, words.count > 1 ? String(words[1]) : "")
        }
        return last
    }

    /// Where the next state goes: the first slot never used; the last one over and over when all are.
    static func nextSlot(_ bytes: [UInt8]) -> Int {
        let free = (0..<slots).first { slot in
            let start = recordBytes + slot * slotBytes
            return bytes[start..<start + slotBytes].allSatisfy { $0 == 0 }
        }
        return recordBytes + (free ?? slots - 1) * slotBytes
    }
}

struct LayoutFault: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
