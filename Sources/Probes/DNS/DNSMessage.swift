// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc

/// A query for the addresses of one name, and the reading of its answer (RFC 1035, sections 4.1 and 4.2.1; AAAA is
/// RFC 3596). The answer is hostile input: every length is checked and a name is followed through at most 32 pointers.
struct DNSQuery: Sendable {
    let name: String
    let type: DNSProbeSpec.RecordType
    private let encodedName: [UInt8]

    /// Nil when the name has an empty or overlong label (63 bytes) or is longer than 255 bytes.
    init?(name: String, type: DNSProbeSpec.RecordType) {
        let trimmed = name.hasSuffix(".") ? String(name.dropLast()) : name
        let labels = trimmed.split(separator: ".", omittingEmptySubsequences: false)
        guard !trimmed.isEmpty,
            labels.allSatisfy({ (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
        else { return nil }
        encodedName = labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
        guard encodedName.count <= 255 else { return nil }
        self.name = trimmed.lowercased()
        self.type = type
    }

    private var typeNumber: UInt16 { type == .a ? 1 : 28 }

    /// The bytes of the query, recursion desired.
    func encoded(id: UInt16) -> [UInt8] {
        let header: [UInt16] = [id, 0x0100, 1, 0, 0, 0]
        return header.flatMap(bytes) + encodedName + bytes(typeNumber) + bytes(1)
    }

    private func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}

/// What a datagram means to a query.
enum DNSReply: Sendable, Equatable {
    /// Not an answer to this query: another id or question. It is passed over.
    case stray
    case malformed
    case truncated
    /// RCODE other than 0 (RFC 1035, 4.1.1).
    case refused(code: Int)
    /// Numeric addresses, perhaps none.
    case addresses([String])
}

extension DNSQuery {
    private struct Record {
        var owner: String
        var type: UInt16
        var data: Range<Int>
    }

    /// Reads a datagram that came from the server asked.
    func reply(in datagram: [UInt8], id: UInt16) -> DNSReply {
        var reader = DNSReader(datagram)
        guard let header = reader.numbers(6), header[0] == id, header[1] & 0x8000 != 0 else { return .stray }
        let code = Int(header[1] & 0xF)
        guard header[2] == 1, let asked = reader.name(), let type = reader.number(), reader.number() == 1 else {
            // A server that cannot read a query may leave the question out (RFC 1035 leaves it open).
            return header[2] == 0 && code != 0 ? .refused(code: code) : .stray
        }
        guard asked == name, type == typeNumber else { return .stray }
        if header[1] & 0x0200 != 0 { return .truncated }
        guard code == 0 else { return .refused(code: code) }
        var records: [Record] = []
        for _ in 0..<header[3] {
            guard let record = record(&reader) else { return .malformed }
            records.append(record)
        }
        return addresses(in: records, of: datagram)
    }

    private func record(_ reader: inout DNSReader) -> Record? {
        guard let owner = reader.name(), let type = reader.number(), reader.number() != nil,
            reader.numbers(2) != nil, let length = reader.number(), let data = reader.skip(Int(length))
        else { return nil }
        return Record(owner: owner, type: type, data: data)
    }

    /// The addresses of the name, or of what it is an alias for.
    private func addresses(in records: [Record], of datagram: [UInt8]) -> DNSReply {
        var owner = name
        for _ in 0...16 {
            let found = records.filter { $0.owner == owner && $0.type == typeNumber }
            if !found.isEmpty {
                let texts = found.compactMap { addressText(datagram[$0.data]) }
                return texts.count == found.count ? .addresses(texts) : .malformed
            }
            guard let alias = records.first(where: { $0.owner == owner && $0.type == 5 }) else { break }
            var reader = DNSReader(datagram, at: alias.data.lowerBound)
            guard let next = reader.name() else { return .malformed }
            owner = next
        }
        return .addresses([])
    }

    private func addressText(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count == (type == .a ? 4 : 16) else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = type == .a ? AF_INET : AF_INET6
        return bytes.withUnsafeBytes { raw in
            inet_ntop(family, raw.baseAddress, &text, socklen_t(text.count)).map { String(cString: $0) }
        }
    }
}

/// Reads big-endian numbers and compressed names (RFC 1035, 4.1.4) out of a datagram, never beyond its end.
private struct DNSReader {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    mutating func number() -> UInt16? {
        guard position + 2 <= bytes.count else { return nil }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    mutating func numbers(_ count: Int) -> [UInt16]? {
        var numbers: [UInt16] = []
        for _ in 0..<count {
            guard let number = number() else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    mutating func skip(_ count: Int) -> Range<Int>? {
        guard position + count <= bytes.count else { return nil }
        defer { position += count }
        return position..<position + count
    }

    /// A name in small letters with dots between the labels.
    mutating func name() -> String? {
        var labels: [String] = []
        var at = position
        var hasJumped = false
        var pointers = 0
        var length = 0
        while at < bytes.count {
            let size = Int(bytes[at])
            if size == 0 {
                if !hasJumped { position = at + 1 }
                return labels.joined(separator: ".").lowercased()
            }
            if size & 0xC0 == 0xC0 {
                guard at + 1 < bytes.count, pointers < 32 else { return nil }
                if !hasJumped { position = at + 2 }
                hasJumped = true
                pointers += 1
                at = (size & 0x3F) << 8 | Int(bytes[at + 1])
                continue
            }
            guard size & 0xC0 == 0, at + 1 + size <= bytes.count, length + size < 255 else { return nil }
            labels.append(String(decoding: bytes[at + 1..<at + 1 + size], as: UTF8.self))
            length += size + 1
            at += 1 + size
        }
        return nil
    }
}
