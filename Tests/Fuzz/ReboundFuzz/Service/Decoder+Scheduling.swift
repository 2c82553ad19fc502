// SPDX-License-Identifier: Apache-2.0
@testable import ChaosModel
@testable import Scheduling

extension Decoder {
    /// What says when something happens.
    static let scheduling = [Decoder("time-zone", timeZone)]

    static func cron(_ text: String) throws {
        let isWellFormed = CronText.rule.matches(text)
        do throws(SchedulingError) {
            let cron = try CronExpression(text)
            let days = (0..<1_462).map { CivilDate(daysSinceEpoch: 20_000 + $0) }
            must(!cron.minutes.isEmpty && !cron.hours.isEmpty, "an expression has times of day")
            must(cron.minutes.allSatisfy((0...59).contains), "minutes are from 0 to 59")
            must(cron.hours.allSatisfy((0...23).contains), "hours are from 0 to 23")
            must(days.contains { cron.matches($0) }, "it comes within four years, or is refused: \(text)")
        } catch {
            // The manifest's check knows the form alone, not whether the months have such a day.
            must(
                !isWellFormed || error.message.contains("never comes"), "what a manifest may say is understood: \(text)"
            )
            throw error
        }
    }

    /// A file of the zone database, and the rule in its last line.
    private static func timeZone(_ bytes: [UInt8]) throws {
        if let rule = DaylightRule(bytes.repaired) {
            for second in seconds { checkOffset(rule.offset(at: second)) }
        }
        let zone = try ZoneRules(tzif: bytes, name: "Fuzz/Zone")
        for second in seconds {
            let offset = zone.offset(at: second)
            guard abs(offset) <= 26 * 3_600 else { continue }
            switch zone.instants(ofLocal: second) {
            case .once(let instant): must(instant + zone.offset(at: instant) == second, "the instant shows that time")
            case .twice(let first, let last): must(first < last, "the first of two instants is before the second")
            case .missing: break
            }
        }
    }

    private static func checkOffset(_ offset: Int64) {
        must(abs(offset) <= 25 * 3_600, "a rule's offset is within 25 hours, not \(offset) seconds")
    }

    /// From 1901 to 2400, and both sides of a change of clocks.
    private static let seconds: [Int64] = [
        -2_147_483_648, 0, 1_774_745_999, 1_774_746_000, 1_792_889_999, 1_792_890_000, 2_147_483_647, 13_569_465_600,
    ]
}
