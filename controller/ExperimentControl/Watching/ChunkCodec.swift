// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import FoundationEssentials
package import Measurement

/// Writes observations compactly: fifty probes at 20 ms make 2,500 a second, and JSON would cost more than the probing.
///
/// A chunk is: one format byte, the clock anchor and the table of texts as length-prefixed JSON, then one record after
/// the other, each a row of variable-length integers (zigzag LEB128, as in Protocol Buffers' `sint64`,
/// https://protobuf.dev/programming-guides/encoding/): probe, slot, planned − previous planned, begun − planned,
/// ended − begun, outcome, reason, detail.
package enum ChunkCodec {
    /// The first byte of every chunk; another one is another format.
    private static let format: UInt8 = 1

    private struct Head: Codable {
        var anchor: ClockAnchor
        var texts: [String]
        var count: Int
    }

    package static func encode(_ observations: [Observation], anchor: ClockAnchor) throws -> [UInt8] {
        var texts: [String: Int64] = [:]
        var ordered: [String] = []
        func index(_ text: String?) -> Int64 {
            guard let text else { return -1 }
            if let known = texts[text] { return known }
            texts[text] = Int64(ordered.count)
            ordered.append(text)
            return Int64(ordered.count - 1)
        }
        var writer = VariableIntegers()
        var previous: Int64 = 0
        for one in observations {
            let (kind, reason) = parts(one.outcome)
            let planned = one.planned.nanoseconds
            for value in [
                index(one.probe), one.slot, planned &- previous, one.begun.nanoseconds &- planned,
                one.ended.nanoseconds &- one.begun.nanoseconds, kind, index(reason), index(one.detail),
            ] { writer.append(value) }
            previous = planned
        }
        let head = Array(
            try JSONEncoder().encode(Head(anchor: anchor, texts: ordered, count: observations.count)))
        var start = VariableIntegers()
        start.append(Int64(head.count))
        return [format] + start.bytes + head + writer.bytes
    }

    /// The observations on the clock of `anchor`. Throws for bytes that this codec did not write.
    package static func decode(_ bytes: [UInt8], onto anchor: ClockAnchor) throws -> [Observation] {
        guard bytes.first == format else { throw ChunkError.unreadable }
        var reader = VariableIntegerReader(bytes.dropFirst())
        let head = try JSONDecoder().decode(Head.self, from: Data(try reader.take(Int(try reader.next()))))
        let shift = ClockShift.nanoseconds(from: head.anchor, to: anchor)
        func text(_ index: Int64) throws -> String? {
            if index < 0 { return nil }
            guard index < head.texts.count else { throw ChunkError.unreadable }
            return head.texts[Int(index)]
        }
        var result: [Observation] = []
        guard (0...bytes.count).contains(head.count) else { throw ChunkError.unreadable }
        result.reserveCapacity(head.count)
        var previous: Int64 = 0
        for _ in 0..<head.count {
            guard let probe = try text(try reader.next()) else { throw ChunkError.unreadable }
            let slot = try reader.next()
            let planned = previous &+ (try reader.next())
            previous = planned
            let begun = planned &+ (try reader.next())
            let ended = begun &+ (try reader.next())
            let outcome = try outcome(try reader.next(), try text(try reader.next()))
            result.append(
                Observation(
                    probe: probe, slot: slot, planned: .init(nanoseconds: planned &+ shift),
                    begun: .init(nanoseconds: begun &+ shift), ended: .init(nanoseconds: ended &+ shift),
                    outcome: outcome, detail: try text(try reader.next())))
        }
        return result
    }

    private static func parts(_ outcome: Observation.Outcome) -> (kind: Int64, reason: String?) {
        switch outcome {
        case .success: (0, nil)
        case .failure(let reason): (1, reason)
        case .unknown(let reason): (2, reason)
        case .missed(let reason): (3, reason)
        }
    }

    private static func outcome(_ kind: Int64, _ reason: String?) throws -> Observation.Outcome {
        switch (kind, reason) {
        case (0, nil): .success
        case (1, let reason?): .failure(reason: reason)
        case (2, let reason?): .unknown(reason: reason)
        case (3, let reason?): .missed(reason: reason)
        default: throw ChunkError.unreadable
        }
    }
}

/// How far one boot's clock is from another's. Numbers that no clock gave wrap, and do not end the process.
enum ClockShift {
    /// Both anchors name a moment of the wall clock, so the difference of their clocks follows.
    static func nanoseconds(from old: ClockAnchor, to new: ClockAnchor) -> Int64 {
        let wall = old.wall.nanosecondsSinceEpoch &- new.wall.nanosecondsSinceEpoch
        return new.monotonic.nanoseconds &+ wall &- old.monotonic.nanoseconds
    }
}

/// A stored chunk that cannot be read.
package enum ChunkError: Error, Sendable { case unreadable }

/// Zigzag LEB128, written.
private struct VariableIntegers {
    var bytes: [UInt8] = []

    mutating func append(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Zigzag LEB128, read.
private struct VariableIntegerReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() throws -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw ChunkError.unreadable }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        }
        throw ChunkError.unreadable
    }

    mutating func take(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= rest.count else { throw ChunkError.unreadable }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
