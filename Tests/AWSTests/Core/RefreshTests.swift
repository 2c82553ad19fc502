// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization
import TestSupport
import Testing

@testable import AWS

@Suite("keys kept fresh")
struct RefreshTests {
    /// A source of numbered keys; it can be held and can fail.
    private final class Source: Sendable {
        struct State {
            var calls = 0
            var fails = false
            var held: [CheckedContinuation<Void, Never>] = []
            var isHolding = false
        }
        let state = Mutex(State())
        let clock: ManualAWSClock
        let lifetime: Int64

        init(clock: ManualAWSClock, lifetime: Int64) {
            self.clock = clock
            self.lifetime = lifetime
        }

        var calls: Int { state.withLock(\.calls) }

        func fetch() async throws(AWSError) -> AWSCredentials {
            let (number, isHolding) = state.withLock { state in
                state.calls += 1
                return (state.calls, state.isHolding)
            }
            if isHolding { await withCheckedContinuation { waiter in state.withLock { $0.held.append(waiter) } } }
            guard !state.withLock(\.fails) else {
                throw AWSError(code: .network, message: "no STS", hint: "", service: "sts", action: "AssumeRole")
            }
            return AWSCredentials(
                accessKeyID: "K\(number)", secretAccessKey: "s", sessionToken: "t",
                expiration: AWSInstant(nanoseconds: clock.now().nanoseconds + lifetime * 1_000_000_000),
                source: "source")
        }

        func release() {
            let held = state.withLock { state in
                state.isHolding = false
                defer { state.held = [] }
                return state.held
            }
            for waiter in held { waiter.resume() }
        }

        /// Returns when `count` fetches began.
        func untilCalled(_ count: Int) async { while calls < count { await Task.yield() } }
    }

    private static func provider(_ source: Source) -> RefreshingCredentials {
        RefreshingCredentials(clock: source.clock, logger: .silent) { () throws(AWSError) in try await source.fetch() }
    }

    private static func untilWaiting(_ count: Int, _ provider: RefreshingCredentials) async {
        while await provider.waiterCount < count { await Task.yield() }
    }

    @Test("fifty callers cause one fetch, and all get its keys")
    func singleFlight() async throws {
        let source = Source(clock: ManualAWSClock(), lifetime: 3_600)
        source.state.withLock { $0.isHolding = true }
        let provider = Self.provider(source)
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await provider.credentials().accessKeyID } }
            await Self.untilWaiting(50, provider)
            source.release()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["K1"])
        #expect(source.calls == 1)
    }

    @Test("five minutes before expiry a renewal runs beside, and nobody waits for it")
    func advisory() async throws {
        let clock = ManualAWSClock()
        let source = Source(clock: clock, lifetime: 3_600)
        let provider = Self.provider(source)
        #expect(try await provider.credentials().accessKeyID == "K1")
        clock.advance(by: .seconds(3_299))
        #expect(try await provider.credentials().accessKeyID == "K1")
        #expect(source.calls == 1)
        source.state.withLock { $0.isHolding = true }
        clock.advance(by: .seconds(1))
        for _ in 0..<20 { #expect(try await provider.credentials().accessKeyID == "K1") }
        await source.untilCalled(2)
        source.release()
        while try await provider.credentials().accessKeyID == "K1" { await Task.yield() }
        #expect(try await provider.credentials().accessKeyID == "K2")
        #expect(source.calls == 2)
    }

    @Test("expired keys are never handed out: callers wait for new ones")
    func mandatory() async throws {
        let clock = ManualAWSClock()
        let source = Source(clock: clock, lifetime: 3_600)
        let provider = Self.provider(source)
        _ = try await provider.credentials()
        clock.advance(by: .seconds(3_600))
        #expect(try await provider.credentials().accessKeyID == "K2")
    }

    @Test("an outage while the old keys hold is bridged, with a pause between tries; then it is the error")
    func outage() async throws {
        let clock = ManualAWSClock()
        let source = Source(clock: clock, lifetime: 900)
        let provider = Self.provider(source)
        _ = try await provider.credentials()
        source.state.withLock { $0.fails = true }
        clock.advance(by: .seconds(600))
        for _ in 0..<10 { #expect(try await provider.credentials().accessKeyID == "K1") }
        await source.untilCalled(2)
        for _ in 0..<29 {
            clock.advance(by: .seconds(10))
            #expect(try await provider.credentials().accessKeyID == "K1")
        }
        #expect(source.calls <= 31)
        clock.advance(by: .seconds(10))
        let error = try #require(try await awsError { try await provider.credentials() })
        #expect(error.message == "no STS")
        source.state.withLock { $0.fails = false }
        #expect(try await provider.credentials().accessKeyID == "K\(source.calls)")
    }

    @Test(
        "three hours on 15-minute keys, with an STS outage of five minutes at any point: no call is without valid keys",
        arguments: stride(from: 0, to: 900, by: 60).map { $0 })
    func threeHours(outageAt offset: Int) async throws {
        let clock = ManualAWSClock()
        let source = Source(clock: clock, lifetime: 900)
        let provider = Self.provider(source)
        for second in stride(from: 0, to: 3 * 3_600, by: 15) {
            source.state.withLock { $0.fails = (3_600 + offset..<3_900 + offset).contains(second) }
            let keys = try await provider.credentials()
            #expect(keys.expiration.map { $0 > clock.now() } == true, "second \(second)")
            while await provider.isRenewing { await Task.yield() }
            clock.advance(by: .seconds(15))
        }
        #expect(source.calls <= 18 + 30)
    }

    @Test("a waiter that is cancelled leaves alone; the others get their keys")
    func cancelled() async throws {
        let source = Source(clock: ManualAWSClock(), lifetime: 3_600)
        source.state.withLock { $0.isHolding = true }
        let provider = Self.provider(source)
        let leaving = Task { try await awsError { try await provider.credentials() } }
        let staying = Task { try await provider.credentials() }
        await Self.untilWaiting(2, provider)
        leaving.cancel()
        #expect(try await leaving.value?.code == .cancelled)
        #expect(source.calls == 1)
        source.release()
        #expect(try await staying.value.accessKeyID == "K1")
    }

    @Test("a failed first fetch is the error of all who wait, and the next caller tries again")
    func firstFails() async throws {
        let source = Source(clock: ManualAWSClock(), lifetime: 3_600)
        source.state.withLock { $0.fails = true }
        let provider = Self.provider(source)
        #expect(try await awsError { try await provider.credentials() }?.message == "no STS")
        source.state.withLock { $0.fails = false }
        #expect(try await provider.credentials().accessKeyID == "K2")
    }

    @Test("keys that are expired on arrival are an error that names their source")
    func expiredOnArrival() async throws {
        let source = Source(clock: ManualAWSClock(), lifetime: -1)
        let provider = Self.provider(source)
        let error = try #require(try await awsError { try await provider.credentials() })
        #expect(error.code == .expiredCredentials)
        #expect(error.message.contains("from source expired at 2026-03-01T11:59:59Z"))
    }

    @Test("2-second keys over HTTP, rotated under 50 callers for a minute: none gets a dead key, few fetches are made")
    func rotation() async throws {
        let clock = ManualAWSClock()
        let server = ScriptedHTTP { _, number in
            .answer(200, MetadataTests.keys("ASIA\(number)", clock: clock, lifetime: 2))
        }
        let environment = MemoryFiles([:]).environment(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url("/")])
        let chain = CredentialChain(
            context: .test(environment, clock: clock), settings: try AWSSettings(environment: environment))
        let isOver = CancellationFlag()
        let served = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for _ in 0..<50 {
                group.addTask {
                    var (count, dead) = (0, 0)
                    while !isOver.isRaised {
                        let asked = clock.now()
                        let keys = try await chain.credentials()
                        if let end = keys.expiration, end <= asked { dead += 1 }
                        count += 1
                        await Task.yield()
                    }
                    return (count, dead)
                }
            }
            for _ in 0..<600 {
                clock.advance(by: .milliseconds(100))
                // Where renewal is due by now this waits for it, so that the hands do not outrun the wire.
                _ = try await chain.credentials()
                for _ in 0..<20 { await Task.yield() }
            }
            isOver.raise()
            return try await group.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        }
        #expect(served.1 == 0)
        #expect(served.0 > 1_000)
        // 30 lives of 2 s; each is renewed at half its life at the earliest.
        #expect(server.requests.count >= 20 && server.requests.count <= 61, "\(server.requests.count) fetches")
    }
}
