// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@Suite("Outages are found by thresholds and bounded by what attempts prove")
struct OutageTests {
    @Test("an outage lies between the begins and ends of the attempts around it")
    func plainOutage() throws {
        let found = outages(of: probe(), in: attempts("SSSSFFFFSSSS"))
        let outage = try #require(found.first)
        #expect(found.count == 1)
        #expect(outage.start == .ms(35, 30, 41))
        #expect(outage.end == .ms(75, 70, 81))
        #expect(outage.confirmedAt == .ms(51))
        #expect(outage.failedSamples == 4)
        #expect(outage.firstReason == "connectionRefused")
        #expect(!outage.touchesGap)
    }

    @Test(
        "thresholds decide what an outage is",
        arguments: [
            ("SSFSSS", 2, 2, 0), ("SSFFSS", 2, 2, 1), ("SSFFSF", 2, 2, 1), ("SSFFSFFSSFFSS", 2, 2, 2),
            ("SFSFSFSF", 2, 2, 0), ("SSF", 1, 1, 1), ("SFSFS", 1, 1, 2), ("FFFF", 3, 1, 1), ("SFFFFSFFFFS", 2, 2, 1),
            ("SF?FSS", 2, 2, 1), ("SFmFSS", 2, 2, 1), ("SF FSS", 2, 2, 1), ("SF????S", 2, 2, 0), ("????", 1, 1, 0),
            ("", 1, 1, 0), ("SFFS?S", 2, 2, 1),
        ])
    func thresholds(drawing: String, failures: Int, successes: Int, count: Int) {
        #expect(outages(of: probe(failures: failures, successes: successes), in: attempts(drawing)).count == count)
    }

    @Test("an outage that goes on has no end")
    func openOutage() throws {
        let outage = try #require(outages(of: probe(), in: attempts("SSFFSFF")).first)
        #expect(outage.end == nil)
        #expect(outage.failedSamples == 4)
    }

    @Test("an outage without an earlier success is counted from the first planned attempt and says so")
    func openAtStart() throws {
        let outage = try #require(outages(of: probe(), in: attempts("?FFSS")).first)
        #expect(outage.isOpenAtStart && outage.touchesGap)
        #expect(outage.start == .ms(0, 0, 11))
    }

    @Test(
        "attempts that told nothing at an edge widen its bounds and are owned to",
        arguments: [("SS??FFSS", 10, 41, 50, 61), ("SS  FFSS", 10, 41, 50, 61), ("SFFmmmSS", 0, 11, 20, 61)])
    func gaps(drawing: String, startLow: Int64, startHigh: Int64, endLow: Int64, endHigh: Int64) throws {
        let outage = try #require(outages(of: probe(), in: attempts(drawing)).first)
        #expect(outage.touchesGap)
        #expect((outage.start.low, outage.start.high) == (.ms(startLow), .ms(startHigh)))
        #expect((outage.end?.low, outage.end?.high) == (.ms(endLow), .ms(endHigh)))
    }

    @Test("numbering that begins anew leaves a gap in time, and the outage across it says so")
    func gapInTime() throws {
        var all = attempts("SSSF")
        all += attempts("FFSS", from: 5_000).map { later in
            var moved = later
            moved.slot += 4
            return moved
        }
        let outage = try #require(outages(of: probe(), in: all).first)
        #expect(outage.touchesGap)
        #expect(outage.start.high == .ms(31))
        #expect(outage.end?.low == .ms(5_010))
    }

    @Test("a hung attempt counts where it began and bounds by when it ended")
    func hungAttempts() throws {
        let hung = [
            attempt(0, 0, 1, .success), attempt(1, 10, 1_010, failed), attempt(2, 20, 1_020, failed),
            attempt(3, 30, 31, .success), attempt(4, 40, 41, .success),
        ]
        let outage = try #require(outages(of: probe(), in: hung).first)
        #expect(outage.start == .ms(5, 0, 1_010))
        #expect(outage.end?.at == .ms(25))
        #expect(outage.end?.low == .ms(20))
        // Nothing that began after 1,020 has been up yet: the two may have been cut off at their ends.
        #expect(outage.end?.high == .ms(1_020))
        let later = hung + [attempt(5, 1_050, 1_051, .success)]
        #expect(outages(of: probe(), in: later).first?.end?.high == .ms(1_051))
    }

    @Test("a success that overlaps the failures bounds nothing, as it may have come after them")
    func overlappingSuccess() throws {
        let overlapping = [
            attempt(0, 0, 1, .success), attempt(1, 10, 90, .success), attempt(2, 20, 21, failed),
            attempt(3, 30, 31, failed), attempt(4, 100, 101, .success), attempt(5, 110, 111, .success),
        ]
        let outage = try #require(outages(of: probe(), in: overlapping).first)
        #expect(outage.start.low == .ms(0))
        #expect(outage.start.high == .ms(21))
    }

    @Test("attempts cut off by the crash date the start after the answers that were still given")
    func cutOff() throws {
        let cut = [
            attempt(0, 0, 30, .success), attempt(1, 10, 40, .success), attempt(2, 20, 45, failed),
            attempt(3, 30, 45, failed), attempt(4, 50, 51, failed), attempt(5, 60, 61, .success),
            attempt(6, 70, 71, .success),
        ]
        let outage = try #require(outages(of: probe(), in: cut).first)
        #expect(outage.start.at == .init(nanoseconds: 42_500_000))
        #expect(outage.start.high == .ms(45))
    }

    @Test("an attempt that ended before it began is taken as ending at its begin")
    func backwards() throws {
        let odd = [attempt(0, 0, 1, .success), attempt(1, 10, 5, failed), attempt(2, 20, 21, failed)]
        let outage = try #require(outages(of: probe(failures: 1), in: odd).first)
        #expect(outage.start.high == .ms(10))
        #expect(outage.start.low <= outage.start.at && outage.start.at <= outage.start.high)
    }
}

@Suite("The live detector follows attempts as they come")
struct OutageDetectorTests {
    @Test("it tells when an outage begins and ends, and how long it has lasted")
    func transitions() throws {
        var detector = OutageDetector(of: probe())
        var told: [String] = []
        for attempt in attempts("SSFFFSS") {
            for transition in detector.add(attempt) {
                switch transition {
                case .began(let outage): told.append("began \(outage.start.at.milliseconds) at slot \(attempt.slot)")
                case .ended(let outage):
                    told.append("ended \(outage.end?.at.milliseconds ?? -1) at slot \(attempt.slot)")
                case .withdrawn: told.append("withdrawn")
                }
            }
            if attempt.slot == 4 { #expect(detector.failingFor(at: .ms(45)) == .milliseconds(30)) }
        }
        #expect(told == ["began 15.0 at slot 3", "ended 45.0 at slot 6"])
        #expect(detector.failingFor(at: .ms(100)) == nil)
        #expect(detector.heldSince == .ms(45, 40, 51))
    }

    @Test("a late success among the failures withdraws the outage they seemed to make")
    func withdrawn() throws {
        var detector = OutageDetector(of: probe())
        let all = attempts("SFSF")
        for slot in [0, 1, 3] { detector.add(all[slot]) }
        let open = try #require(detector.openOutage)
        #expect(detector.add(all[2]) == [.withdrawn(open)])
        #expect(detector.outages.isEmpty && detector.isSuspect)
    }

    @Test("without data there is no state, and repeats and other probes change nothing")
    func noData() {
        var detector = OutageDetector(of: probe())
        #expect(detector.state == .noData)
        detector.add(attempts("FF", of: "other")[1])
        detector.add(attempts("??")[0])
        #expect(detector.state == .noData && detector.heldSince == nil)
        detector.add(attempts("?F")[1])
        #expect(detector.add(attempts("?F")[1]).isEmpty)
        #expect(detector.outages.isEmpty)
    }

    @Test("a watch that is taken up again counts from its first slot, and drops nothing")
    func takenUpAgain() {
        var detector = OutageDetector(of: probe())
        let all = attempts(repeated("S", 5_000) + repeated("F", 50) + repeated("S", 1_500)).suffix(3_000)
        for pair in stride(from: all.startIndex, to: all.endIndex, by: 2) {
            detector.add(all[pair + 1])
            detector.add(all[pair])
        }
        #expect(detector.outages == outages(of: probe(), in: Array(all)))
        #expect(detector.outages.count == 1 && detector.droppedAsLate == 0)
    }

    @Test("attempts are waited for up to the patience, and later ones are dropped and counted")
    func patience() {
        var detector = OutageDetector(of: probe(), patience: 8)
        let all = attempts("S" + repeated("F", 100))
        for attempt in all where attempt.slot != 1 { detector.add(attempt) }
        #expect(detector.outages.count == 1)
        detector.add(all[1])
        #expect(detector.droppedAsLate == 1)
        #expect(detector.outages.count == 1)
    }
}
