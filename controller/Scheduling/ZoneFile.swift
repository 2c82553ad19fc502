// SPDX-License-Identifier: Apache-2.0

extension ZoneRules {
    /// Reads a TZif file of version 2 or later (RFC 9636 section 3). Throws `.invalidZone` for anything else, and for
    /// files that count leap seconds.
    package init(tzif bytes: [UInt8], name: String) throws(SchedulingError) {
        let problem = SchedulingError(
            .invalidZone, "The rules of time zone \(name) cannot be read.", hint: "Install or repair tzdata.")
        var reader = ByteReader(bytes: bytes)
        guard let old = ZoneFileHeader(&reader), old.version >= 0x32, reader.skip(old.length(timeSize: 4)),
            let header = ZoneFileHeader(&reader), header.leapCount == 0, header.typeCount > 0
        else { throw problem }
        guard let times = reader.numbers(header.timeCount, size: 8), let types = reader.take(header.timeCount),
            let offsets = Self.offsets(&reader, header.typeCount), types.allSatisfy({ Int($0) < offsets.count }),
            reader.skip(header.nameLength + header.standardCount + header.universalCount),
            let footer = reader.footer(), footer.isEmpty || DaylightRule(footer) != nil
        else { throw problem }
        let transitions = zip(times, types).map { Transition(at: $0, offset: offsets[Int($1)]) }
        guard zip(transitions, transitions.dropFirst()).allSatisfy({ $0.at < $1.at }) else { throw problem }
        self.init(initialOffset: offsets[0], transitions: transitions, rule: DaylightRule(footer))
    }

    /// The seconds east of UTC of each local time type; the other two bytes of each do not matter here.
    private static func offsets(_ reader: inout ByteReader, _ count: Int) -> [Int64]? {
        var offsets: [Int64] = []
        for _ in 0..<count {
            guard let offset = reader.numbers(1, size: 4)?.first, reader.skip(2) else { return nil }
            offsets.append(offset)
        }
        return offsets
    }

    /// Whether a name may be looked up below the folder of zones: `Europe/Madrid`, never a way out of it.
    package static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return !parts.isEmpty
            && parts.allSatisfy { part in
                part.first?.isLetter == true && part.utf8.count <= 32
                    && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-".contains($0)) }
            }
    }
}

/// The counts at the head of a TZif block.
private struct ZoneFileHeader {
    let version: UInt8
    let universalCount: Int
    let standardCount: Int
    let leapCount: Int
    let timeCount: Int
    let typeCount: Int
    let nameLength: Int

    init?(_ reader: inout ByteReader) {
        guard let magic = reader.take(4), Array(magic) == Array("TZif".utf8), let version = reader.take(1)?.first,
            reader.skip(15), let counts = reader.numbers(6, size: 4), counts.allSatisfy({ (0...65_536).contains($0) })
        else { return nil }
        self.version = version
        universalCount = Int(counts[0])
        standardCount = Int(counts[1])
        leapCount = Int(counts[2])
        timeCount = Int(counts[3])
        typeCount = Int(counts[4])
        nameLength = Int(counts[5])
    }

    func length(timeSize: Int) -> Int {
        timeCount * (timeSize + 1) + typeCount * 6 + nameLength + leapCount * (timeSize + 4) + standardCount
            + universalCount
    }
}

private struct ByteReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard bytes.count - position >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    /// Signed big-endian numbers of `size` bytes.
    mutating func numbers(_ count: Int, size: Int) -> [Int64]? {
        guard let slice = take(count * size) else { return nil }
        return (0..<count).map { number in
            let bytes = slice.dropFirst(number * size).prefix(size)
            let sign: Int64 = (bytes.first ?? 0) & 0x80 != 0 ? -1 : 0
            return bytes.reduce(sign) { $0 << 8 | Int64($1) }
        }
    }

    /// The text between two line feeds.
    mutating func footer() -> String? {
        guard take(1)?.first == 10, let end = bytes[position...].firstIndex(of: 10) else { return nil }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }
}
