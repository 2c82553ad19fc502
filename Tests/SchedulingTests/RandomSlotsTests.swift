// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Scheduling
import Testing

@Suite("Random slots")
struct RandomSlotsTests {
    private func draw(_ slots: RandomSlots, from text: String, count: Int) throws -> [Timestamp] {
        var instant = try #require(Timestamp(text))
        return try (0..<count).map { _ in
            let next = try #require(slots.nextSlot(after: instant))
            #expect(instant < next)
            #expect(slots.nextSlot(after: instant) == next)
            instant = next
            return next
        }
    }

    @Test("their mean distance is the mean, and they differ from one another")
    func mean() throws {
        let slots = RandomSlots(
            .mean(.seconds(7_200)), zone: try zone("UTC"), hours: try OpenHours(windows: [], holidays: []), seed: 11)
        let drawn = try draw(slots, from: "2026-01-01T00:00:00Z", count: 1_000)
        let begin = try #require(Timestamp("2026-01-01T00:00:00Z"))
        let mean = try #require(drawn.last).since(begin).inSeconds / 1_000
        // The standard error of 1,000 distances is 228 s; four of those on each side.
        #expect((6_290...8_110).contains(mean), "\(mean)")
    }

    @Test("they lie inside the windows, in the zone's own time, and on no holiday")
    func windows() throws {
        let madrid = try zone("Europe/Madrid")
        let office = WindowSpec(days: [.mon, .tue, .wed, .thu, .fri], from: "09:30", to: "17:00")
        let hours = try OpenHours(windows: [office], holidays: ["2026-03-30"])
        let slots = RandomSlots(.mean(.seconds(10_000)), zone: madrid, hours: hours, seed: 3)
        for slot in try draw(slots, from: "2026-03-20T00:00:00Z", count: 100) {
            #expect(hours.isOpen(at: slot.nanosecondsSinceEpoch / 1_000_000_000, madrid))
            #expect(!slot.description.hasPrefix("2026-03-30"))
        }
    }
}
