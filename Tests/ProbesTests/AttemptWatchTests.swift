// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement
import Testing

@testable import Probes

@Suite("AttemptWatch")
struct AttemptWatchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var milliseconds: Int64
        var stalled: Int64 = 0
        var given: Observation.Outcome = .failure(reason: "timedOut")
        var isKept: Bool
    }

    /// The probe has 1,000 ms in all and 200 ms to connect.
    static let cases: [Case] = [
        Case(testDescription: "a timeout on time", milliseconds: 1001, isKept: true),
        Case(testDescription: "a timeout a little late", milliseconds: 1019, isKept: true),
        Case(testDescription: "a timeout found after a stop", milliseconds: 3000, isKept: false),
        Case(testDescription: "a short stall within", milliseconds: 1001, stalled: 90, isKept: true),
        Case(testDescription: "a long stall within", milliseconds: 1001, stalled: 900, isKept: false),
        Case(
            testDescription: "a timeout to connect on time", milliseconds: 201,
            given: .failure(reason: "connectTimedOut"), isKept: true),
        Case(
            testDescription: "a timeout to connect found late", milliseconds: 300,
            given: .failure(reason: "connectTimedOut"), isKept: false),
        Case(testDescription: "a success, however late", milliseconds: 3000, given: .success, isKept: true),
        Case(
            testDescription: "another failure, however late", milliseconds: 3000, stalled: 2000,
            given: .failure(reason: "connectionReset"), isKept: true),
    ]

    @Test("a timeout counts against the service only if we were looking", arguments: cases)
    func judged(_ example: Case) throws {
        var spec = HTTPProbeSpec(url: "http://127.0.0.1/", timeout: WrittenDuration(.seconds(1)))
        spec.connectTimeout = WrittenDuration(.milliseconds(200))
        let plan = try ProbePlan(name: "p", kind: .http(spec), interval: .seconds(1))
        let watch = AttemptWatch(
            nanoseconds: example.milliseconds * 1_000_000, stalledNanoseconds: example.stalled * 1_000_000)
        #expect((watch.judged(example.given, plan) == example.given) == example.isKept)
    }
}
