// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Scheduling
import Testing

@testable import ExperimentControl

@Suite("measurements in the store")
struct CodecTests {
    private static let anchor = ClockAnchor(
        bootID: "boot-1", monotonic: .init(nanoseconds: 5_000_000_000_000), wall: .noon)

    private static func observations(_ count: Int, _ chance: inout SeededGenerator) -> [Observation] {
        var slots: [String: Int64] = [:]
        return (0..<count).map { _ in
            let probe = ["site", "capacity", "é", ""].randomElement(using: &chance) ?? "site"
            defer { slots[probe, default: 0] += 1 }
            let planned = Int64.random(in: 0...9_000_000_000_000, using: &chance)
            let begun = planned + Int64.random(in: -5...2_000_000, using: &chance)
            let reason = ["timedOut", "connectionRefused", ""].randomElement(using: &chance) ?? ""
            let outcomes: [Observation.Outcome] = [
                .success, .failure(reason: reason), .unknown(reason: reason), .missed(reason: reason),
            ]
            return Observation(
                probe: probe, slot: slots[probe, default: 0], planned: .init(nanoseconds: planned),
                begun: .init(nanoseconds: begun),
                ended: .init(nanoseconds: begun + Int64.random(in: 0...3_000_000_000, using: &chance)),
                outcome: outcomes.randomElement(using: &chance) ?? .success,
                detail: Bool.random(using: &chance) ? "HTTP \(Int.random(in: 200...210, using: &chance))" : nil)
        }
    }

    private static func sightings(_ count: Int, _ chance: inout SeededGenerator) -> [Sighting] {
        (0..<count).map { number in
            let high = Int64.random(in: 0...9_000_000_000_000, using: &chance)
            let facts: [Sighting.Fact] = [
                .instanceState(id: "i-\(number)", state: "running"), .memberLost(group: "web", id: "i-\(number)"),
                .activityEnded(group: "web", activity: "a", launching: true, instance: nil, succeeded: false),
            ]
            return Sighting(
                fact: facts[number % 3], low: number % 4 == 0 ? nil : .init(nanoseconds: high - 7),
                high: .init(nanoseconds: high), source: "DescribeInstances")
        }
    }

    @Test("what is written is read back", arguments: 0..<100 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let observations = Self.observations(Int.random(in: 0...200, using: &chance), &chance)
        let bytes = try ChunkCodec.encode(observations, anchor: Self.anchor)
        #expect(try ChunkCodec.decode(bytes, onto: Self.anchor) == observations)
        let sightings = Self.sightings(20, &chance)
        #expect(
            try SightingCodec.decode(SightingCodec.encode(sightings, anchor: Self.anchor), onto: Self.anchor)
                == sightings)
    }

    @Test("over a reboot, every instant keeps its date", arguments: 0..<50 as Range<UInt64>)
    func reboot(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let observations = Self.observations(50, &chance)
        let sightings = Self.sightings(20, &chance)
        let later = ClockAnchor(
            bootID: "boot-2", monotonic: .init(nanoseconds: Int64.random(in: 0...1_000_000_000_000, using: &chance)),
            wall: Timestamp.noon.advanced(by: .seconds(Int64.random(in: -9_000...90_000, using: &chance))))
        let moved = try ChunkCodec.decode(try ChunkCodec.encode(observations, anchor: Self.anchor), onto: later)
        for (old, new) in zip(observations, moved) {
            #expect(later.timestamp(of: new.begun) == Self.anchor.timestamp(of: old.begun))
            #expect(new.ended.since(new.planned) == old.ended.since(old.planned))
        }
        let seen = try SightingCodec.decode(try SightingCodec.encode(sightings, anchor: Self.anchor), onto: later)
        #expect(seen.map { later.timestamp(of: $0.high) } == sightings.map { Self.anchor.timestamp(of: $0.high) })
    }

    @Test(
        "bytes that nobody wrote are an error or nonsense, never the end of the process",
        arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        let chunk = try ChunkCodec.encode(Self.observations(8, &chance), anchor: Self.anchor)
        let seen = try SightingCodec.encode(Self.sightings(4, &chance), anchor: Self.anchor)
        var readable = 0
        for _ in 0..<500 {
            for (bytes, isChunk) in [(chunk, true), (seen, false)] {
                let broken = Self.broken(bytes, &chance)
                // What is thrown does not matter here; that it comes back does.
                let read =
                    isChunk
                    ? try? ChunkCodec.decode(broken, onto: Self.anchor).count
                    : try? SightingCodec.decode(broken, onto: Self.anchor).count
                if read != nil { readable += 1 }
            }
        }
        #expect(readable < 1_000)
    }

    private static func broken(_ bytes: [UInt8], _ chance: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        switch Int.random(in: 0..<4, using: &chance) {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &chance))
        case 1: bytes = (0..<Int.random(in: 0...80, using: &chance)).map { _ in .random(in: 0...255, using: &chance) }
        default:
            for _ in 0..<Int.random(in: 1...4, using: &chance) {
                let index = Int.random(in: 0..<bytes.count, using: &chance)
                // Digits and signs make numbers that no clock gave.
                bytes[index] =
                    Bool.random(using: &chance)
                    ? .random(in: 45...57, using: &chance) : .random(in: 0...255, using: &chance)
            }
        }
        return bytes
    }

    @Test(
        "heads with numbers that no clock gave are refused or wrap",
        arguments: [
            "\"count\":-1", "\"count\":9223372036854775807", "\"monotonic\":9223372036854775807",
            "\"monotonic\":-9223372036854775808",
        ])
    func hostileHeads(replacement: String) throws {
        let name = replacement.prefix { $0 != ":" }
        let value = name == "\"count\"" ? "2" : "5000000000000"
        let far = ClockAnchor(
            bootID: "b", monotonic: .init(nanoseconds: 7), wall: Timestamp(nanosecondsSinceEpoch: .min))
        let json =
            "{\"anchor\":{\"bootID\":\"b\",\"monotonic\":5000000000000,\"wall\":\"1700-01-01T00:00:00Z\"},"
            + "\"texts\":[],\"count\":2}"
        let head = Array(json.replacing("\(name):\(value)", with: replacement).utf8)
        let length = UInt64(head.count) << 1
        let bytes: [UInt8] = [1, UInt8(length & 0x7f) | 0x80, UInt8(length >> 7)] + head
        for anchor in [Self.anchor, far] {
            _ = try? ChunkCodec.decode(bytes, onto: anchor)
            let sighting =
                "{\"anchor\":{\"bootID\":\"b\",\"monotonic\":5000000000000,\"wall\":\"1700-01-01T00:00:00Z\"},"
                + "\"sightings\":[{\"fact\":{\"memberLost\":{\"group\":\"g\",\"id\":\"i\"}},"
                + "\"high\":9223372036854775807,"
                + "\"source\":\"s\"}]}"
            #expect((try? SightingCodec.decode(Array(sighting.utf8), onto: anchor))?.count == 1)
        }
    }

    @Test("an observation of a steady probe takes a few bytes")
    func size() throws {
        let observations = (0..<10_000).map { slot in
            let planned = Int64(slot) * 20_000_000
            return Observation(
                probe: "site", slot: Int64(slot), planned: .init(nanoseconds: planned),
                begun: .init(nanoseconds: planned + 40_000), ended: .init(nanoseconds: planned + 1_300_000),
                outcome: .success, detail: "HTTP 200")
        }
        let bytes = try ChunkCodec.encode(observations, anchor: Self.anchor)
        let each = Double(bytes.count) / Double(observations.count)
        print("bytes for each observation: \(each)")
        #expect(each < 20)
    }
}
