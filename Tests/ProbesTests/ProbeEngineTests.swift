// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import HTTPTransport
import Measurement
import TestSupport
import Testing

@testable import Probes

/// Succeeds at once.
private struct InstantAction: ProbeAction {
    func attempt() async -> ProbeOutcome { ProbeOutcome(.success) }
}

/// Answers only when it is cancelled, and says so.
private final class EndlessAction: ProbeAction {
    private let cancelled: AsyncStream<Void>.Continuation?

    init(cancelled: AsyncStream<Void>.Continuation?) { self.cancelled = cancelled }

    func attempt() async -> ProbeOutcome {
        let (never, continuation) = AsyncStream<Void>.makeStream()
        // A stream's wait ends when its task is cancelled.
        for await _ in never {}
        continuation.finish()
        cancelled?.yield()
        return ProbeOutcome(.success)
    }
}

@Suite("ProbeEngine")
struct ProbeEngineTests {
    let engine: ProbeEngine
    let buffer = ObservationBuffer(capacity: 100_000)

    init() throws { engine = try ProbeEngine() }

    @Test("2,000 slots at 1 ms give 2,000 observations, each planned exactly on the grid")
    func everyMillisecond() async throws {
        let plan = try ProbePlan(
            name: "fast", interval: .milliseconds(1), timeout: .seconds(1), action: InstantAction())
        let start = MonotonicInstant(nanoseconds: monotonicNanoseconds() + 5_000_000)
        let session = engine.run([plan], start: start, into: buffer)
        var all = await observations(from: buffer) { $0.count >= 2000 }
        await session.stop()
        all += await rest(of: buffer)
        let byLot = all.of("fast").prefix(2000)
        #expect(byLot.map(\.slot) == Array(0..<2000))
        #expect(byLot.allSatisfy { $0.planned.nanoseconds == start.nanoseconds + $0.slot * 1_000_000 })
        #expect(byLot.allSatisfy { $0.word == "missed starved" || $0.begun >= $0.planned })
        #expect(all.map(\.slot).sorted() == Array(0..<Int64(all.count)))
    }

    @Test("a hung server changes neither the count nor the outcomes of another probe")
    func hungNeighbour() async throws {
        let hung = RawServer.hanging()
        let good = RawServer.answering()
        var plans: [ProbePlan] = []
        for (name, server) in [("hung", hung), ("good", good)] {
            let spec = HTTPProbeSpec(url: server.url(), timeout: .ample)
            var plan = try ProbePlan(name: name, kind: .http(spec), interval: .milliseconds(10))
            plan.maximumOutstanding = 200
            plans.append(plan)
        }
        let session = engine.run(plans, into: buffer)
        var all = await observations(from: buffer) { $0.of("good").count >= 50 }
        await session.stop()
        all += await rest(of: buffer)
        #expect(
            all.of("good").allSatisfy {
                $0.word == "success" || $0.word == "unknown stopped" || $0.word.hasPrefix("missed")
            })
        #expect(all.of("good").filter { $0.word == "success" }.count >= 25)
        #expect(all.of("hung").allSatisfy { $0.word == "unknown stopped" || $0.word.hasPrefix("missed") })
        #expect(abs(all.of("good").count - all.of("hung").count) <= 1)
    }

    @Test("slots that pass while the engine cannot run are missed by name and never sent in a burst")
    func starved() async throws {
        let plan = try ProbePlan(name: "p", interval: .milliseconds(5), timeout: .seconds(1), action: InstantAction())
        let session = engine.run([plan], into: buffer)
        var all = await observations(from: buffer) { $0.count >= 10 }
        engine.loop.execute { _ in usleep(200_000) }
        all += await observations(from: buffer) { $0.filter { $0.word == "missed starved" }.count >= 39 }
        await session.stop()
        all += await rest(of: buffer)
        let slots = all.of("p")
        #expect(slots.map(\.slot) == Array(0..<Int64(slots.count)))
        let sent = slots.filter { $0.word == "success" }
        for (one, next) in zip(sent, sent.dropFirst()) { #expect(next.planned > one.planned && next.begun > one.begun) }
        #expect(slots.filter { $0.word == "missed starved" }.allSatisfy { $0.begun == $0.planned })
    }

    @Test("a timeout that ran out while the engine could not run is unknown, not a failure")
    func stoppedPastTimeout() async throws {
        let hung = RawServer.hanging()
        let spec = HTTPProbeSpec(url: hung.url(), timeout: WrittenDuration(.milliseconds(100)))
        let plan = try ProbePlan(name: "p", kind: .http(spec), interval: .seconds(3600))
        // Slot 0 is due when the loop hears of it, so the next job stands right after the attempt's begin.
        let session = engine.run([plan], start: MonotonicInstant(nanoseconds: monotonicNanoseconds()), into: buffer)
        engine.loop.execute { _ in usleep(300_000) }
        let all = await observations(from: buffer) { !$0.isEmpty }
        await session.stop()
        #expect(all.map(\.word) == ["unknown starved"])
    }

    @Test("beyond the bound on outstanding attempts slots are missed, and the bound holds")
    func outstanding() async throws {
        var plan = try ProbePlan(
            name: "p", interval: .milliseconds(1), timeout: .seconds(3600), action: EndlessAction(cancelled: nil))
        plan.maximumOutstanding = 5
        let session = engine.run([plan], into: buffer)
        var all = await observations(from: buffer) { $0.filter { $0.word == "missed tooManyOutstanding" }.count >= 20 }
        await session.stop()
        all += await rest(of: buffer)
        #expect(all.filter { $0.word == "unknown stopped" }.count == 5)
        #expect(all.of("p").map(\.slot) == Array(0..<Int64(all.count)))
    }

    @Test("an action that outlives its deadline is unknown, and its task is cancelled")
    func actionDeadline() async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let plan = try ProbePlan(
            name: "p", interval: .seconds(3600), timeout: .milliseconds(20),
            action: EndlessAction(cancelled: continuation))
        let observation = await engine.attemptOnce(plan)
        #expect(observation.word == "unknown actionTimedOut")
        for await _ in stream { break }
    }

    @Test("a reader that stands still is not filled beyond the capacity: slots are missed by name")
    func fullBuffer() async throws {
        let small = ObservationBuffer(capacity: 10)
        let plan = try ProbePlan(name: "p", interval: .milliseconds(1), timeout: .seconds(1), action: InstantAction())
        let session = engine.run([plan], into: small)
        let other = ObservationBuffer(capacity: 1000)
        let witness = engine.run([plan], into: other)
        _ = await observations(from: other) { $0.count >= 200 }
        await witness.stop()
        await session.stop()
        let all = await rest(of: small)
        #expect(all.contains { $0.word == "missed bufferFull" })
        #expect(all.map(\.slot).sorted() == Array(0..<Int64(all.count)))
    }

    @Test("a run taken up again keeps its grid, and what passed meanwhile is missed")
    func resumed() async throws {
        let plan = try ProbePlan(name: "p", interval: .milliseconds(10), timeout: .seconds(1), action: InstantAction())
        let start = MonotonicInstant(nanoseconds: monotonicNanoseconds() - 1_000_000_000)
        let session = engine.run([plan], start: start, firstSlots: ["p": 40], into: buffer)
        let all = await observations(from: buffer) { $0.count >= 70 }
        await session.stop()
        let slots = all.of("p")
        #expect(slots.first?.slot == 40)
        #expect(slots.prefix(60).allSatisfy { $0.word == "missed starved" })
        #expect(slots.allSatisfy { $0.planned.nanoseconds == start.nanoseconds + $0.slot * 10_000_000 })
    }

    @Test("starts are spread over the interval, the same way each time")
    func spread() async throws {
        let plans = try ["a", "b", "c", "d"].map {
            try ProbePlan(name: $0, interval: .milliseconds(8), timeout: .seconds(1), action: InstantAction())
        }
        let start = MonotonicInstant(nanoseconds: monotonicNanoseconds() + 5_000_000)
        let session = engine.run(plans, start: start, into: buffer)
        let all = await observations(from: buffer) { $0.count >= 20 }
        await session.stop()
        for (index, name) in ["a", "b", "c", "d"].enumerated() {
            #expect(all.of(name).first?.planned.nanoseconds == start.nanoseconds + Int64(index) * 2_000_000)
        }
    }

    @Test("releasing the engine finishes the buffers of its sessions")
    func released() async throws {
        let plan = try ProbePlan(name: "p", interval: .milliseconds(1), timeout: .seconds(1), action: InstantAction())
        let buffer = ObservationBuffer(capacity: 1000)
        func start() throws -> ProbeSession { try ProbeEngine().run([plan], into: buffer) }
        let session = try start()
        _ = await rest(of: buffer)
        await session.stop()
    }

    @Test("an interval under 1 ms is refused")
    func tooFast() {
        #expect(throws: ProbeError.self) {
            try ProbePlan(name: "p", interval: .microseconds(999), timeout: .seconds(1), action: InstantAction())
        }
    }
}
