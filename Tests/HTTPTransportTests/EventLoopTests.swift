// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTPTransport
import TestSupport
import Testing

@Suite("EventLoop")
struct EventLoopTests {
    @Test("timers run in the order of their instants, cancelled ones not at all")
    func timers() async throws {
        let loop = try EventLoop(threadName: "test")
        let order = await withCheckedContinuation { continuation in
            loop.execute { context in
                let now = monotonicNanoseconds()
                let log = Log()
                for delay in [5, 1, 3, 2, 4] {
                    let timer = context.schedule(at: now + Int64(delay) * 1_000_000) { log.add(delay) }
                    if delay == 3 { timer.cancel() }
                }
                context.schedule(at: now + 6_000_000) { continuation.resume(returning: log.numbers) }
            }
        }
        #expect(order == [1, 2, 4, 5])
    }

    /// What happened on one loop's thread.
    private final class Log {
        var numbers: [Int] = []
        func add(_ number: Int) { numbers.append(number) }
    }

    @Test("no timer runs before its instant")
    func notEarly() async throws {
        let loop = try EventLoop(threadName: "test")
        let early = await withCheckedContinuation { continuation in
            loop.execute { context in
                let planned = monotonicNanoseconds() + 3_333_333
                context.schedule(at: planned) { continuation.resume(returning: planned - monotonicNanoseconds()) }
            }
        }
        #expect(early <= 0)
    }

    @Test("jobs given before closing run, later ones are refused, and the close handlers come last")
    func closing() async throws {
        let loop = try EventLoop(threadName: "test")
        let (events, continuation) = AsyncStream<String>.makeStream()
        loop.execute { context in context.onClose { continuation.yield("closed") } }
        loop.execute { _ in continuation.yield("job") }
        loop.close()
        #expect(!loop.execute { _ in continuation.yield("late") })
        var seen: [String] = []
        for await event in events {
            seen.append(event)
            if event == "closed" { break }
        }
        #expect(seen == ["job", "closed"])
    }

    @Test("an unwatched descriptor's events are dropped, also when its number is used again")
    func unwatched() async throws {
        let loop = try EventLoop(threadName: "test")
        let wrong = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            loop.execute { context in
                var first: [Int32] = [0, 0]
                guard pipe(&first) == 0 else { return continuation.resume(returning: true) }
                let read = first[0]
                _ = context.watch(read, events: 1) { _ in continuation.resume(returning: true) }
                _ = write(first[1], "x", 1)
                context.unwatch(read)
                context.schedule(at: monotonicNanoseconds() + 2_000_000) { [first] in
                    close(first[0])
                    close(first[1])
                    continuation.resume(returning: context.isWatching(read))
                }
            }
        }
        #expect(!wrong)
    }
}
