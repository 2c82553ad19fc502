// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Foundation
import Scheduling
import Testing

func zone(_ name: String) throws -> ZoneRules {
    let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
    return try ZoneRules(tzif: [UInt8](data), name: name)
}

func second(_ text: String) throws -> Int64 { try #require(Timestamp(text)).nanosecondsSinceEpoch / 1_000_000_000 }

@Suite("Time zones")
struct ZoneRulesTests {
    @Test(
        "offsets are those that Foundation's own zone data give, now and under the rule for later years",
        arguments: [
            "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "America/Sao_Paulo",
            "Asia/Kolkata", "Pacific/Apia", "Pacific/Auckland", "UTC", "Asia/Tokyo",
        ])
    func offsets(name: String) throws {
        let rules = try zone(name)
        let oracle = try #require(TimeZone(identifier: name))
        var chance = SeededGenerator(seed: 3)
        for _ in 0..<3_000 {
            let second = Int64.random(in: 400_000_000...3_000_000_000, using: &chance)
            let expected = oracle.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
            #expect(rules.offset(at: second) == Int64(expected), "\(name) at \(second)")
        }
    }

    @Test("a local time occurs once, twice or not at all")
    func localTimes() throws {
        let madrid = try zone("Europe/Madrid")
        let plain = try madrid.instants(ofLocal: second("2026-06-01T12:00:00Z"))
        #expect(plain == .once(try second("2026-06-01T10:00:00Z")))
        let missing = try madrid.instants(ofLocal: second("2026-03-29T02:30:00Z"))
        #expect(missing == .missing(resumesAt: try second("2026-03-29T01:00:00Z")))
        let twice = try madrid.instants(ofLocal: second("2026-10-25T02:30:00Z"))
        #expect(twice == .twice(first: try second("2026-10-25T00:30:00Z"), second: try second("2026-10-25T01:30:00Z")))
        // Samoa left out a whole day.
        let apia = try zone("Pacific/Apia").instants(ofLocal: second("2011-12-30T12:00:00Z"))
        #expect(apia == .missing(resumesAt: try second("2011-12-30T10:00:00Z")))
    }

    @Test(
        "every instant is among the instants of the local time that it shows",
        arguments: ["Europe/London", "Australia/Lord_Howe", "America/St_Johns"])
    func roundTrip(name: String) throws {
        let rules = try zone(name)
        let begin = try second("2026-01-01T00:00:00Z")
        for instant in stride(from: begin, to: begin + 366 * 86_400, by: 900) {
            let shown: Set<Int64> =
                switch rules.instants(ofLocal: instant + rules.offset(at: instant)) {
                case .once(let only): [only]
                case .twice(let first, let second): [first, second]
                case .missing: []
                }
            #expect(shown.contains(instant))
        }
    }

    @Test("what is no zone file is refused, wherever it is cut or changed")
    func rubbish() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Madrid")))
        for length in stride(from: 0, to: bytes.count - 1, by: 7) {
            #expect(throws: SchedulingError.self) { try ZoneRules(tzif: Array(bytes.prefix(length)), name: "cut") }
        }
        var chance = SeededGenerator(seed: 5)
        for _ in 0..<500 {  // Whatever comes of it, it must not trap.
            var changed = bytes
            changed[Int.random(in: 0..<bytes.count, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
            _ = try? ZoneRules(tzif: changed, name: "changed").offset(at: 4_000_000_000)
        }
    }

    @Test(
        "names lead nowhere but into the folder of zones",
        arguments: [
            ("Europe/Madrid", true), ("UTC", true), ("Etc/GMT+5", true), ("America/Argentina/Salta", true), ("", false),
            ("../etc/passwd", false), ("/etc/passwd", false), ("Europe/", false), ("Europe/../UTC", false),
            ("a b", false),
        ])
    func names(name: String, isName: Bool) { #expect(ZoneRules.isName(name) == isName) }
}
