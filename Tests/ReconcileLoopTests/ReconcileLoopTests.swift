// SPDX-License-Identifier: Apache-2.0
import ReconcileLoop
import Synchronization
import TestSupport
import Testing

@Suite("Reconcile loop")
struct ReconcileLoopTests {
    @Test("a key that is enqueued often before its turn has one turn")
    func deduplicates() async {
        let world = World { _, _ in .settled }
        let loop = world.loop(workers: 2)
        for _ in 1...5 { await loop.enqueue("a") }
        await loop.enqueue("b")
        await loop.shutdown()
        await loop.run()
        #expect(world.turns.sorted() == ["a", "b"])
    }

    @Test("a key that is enqueued during its turn has exactly one more")
    func onceMore() async {
        let gate = Gate()
        let world = World { _, turn in
            if turn == 1 { await gate.wait() }
            return .settled
        }
        let loop = world.loop(workers: 4)
        async let running: Void = loop.run()
        await loop.enqueue("a")
        await gate.untilWaiting()
        for _ in 1...5 { await loop.enqueue("a") }
        #expect(world.turns == ["a"])
        gate.open()
        await world.untilEnded(2)
        await loop.shutdown()
        await running
        #expect(world.turns == ["a", "a"])
    }

    @Test("never two turns of one key at once, and never more turns than workers", arguments: [1, 3, 8])
    func bounds(workers: Int) async {
        let world = World { key, turn in
            for _ in 1...5 { await Task.yield() }
            return turn < 20 ? .lookAgain(after: .zero) : .settled
        }
        let loop = world.loop(workers: workers)
        for key in 0..<12 { await loop.enqueue("\(key)") }
        async let running: Void = loop.run()
        await world.untilEnded(12 * 20)
        await loop.shutdown()
        await running
        #expect(world.mostOfOneKey == 1)
        #expect(world.mostAtOnce <= workers)
        #expect(world.turns.count == 12 * 20)
    }

    @Test("a look is taken again after the time that was asked for, not before")
    func lookAgain() async {
        let world = World { _, turn in turn == 1 ? .lookAgain(after: .seconds(30)) : .settled }
        let loop = world.loop(workers: 1)
        async let running: Void = loop.run()
        await loop.enqueue("a")
        await world.clock.untilSleeping(1)
        #expect(world.clock.nextWake == .seconds(30))
        world.clock.advance(by: .seconds(29))
        #expect(world.turns == ["a"])
        world.clock.advance(by: .seconds(1))
        await world.untilEnded(2)
        await loop.shutdown()
        await running
        #expect(world.turns == ["a", "a"])
    }

    @Test("a key that waits and is enqueued has its turn at once, and the wait is over")
    func enqueuedWhileWaiting() async {
        let world = World { _, turn in turn == 1 ? .lookAgain(after: .seconds(30)) : .settled }
        let loop = world.loop(workers: 1)
        async let running: Void = loop.run()
        await loop.enqueue("a")
        await world.clock.untilSleeping(1)
        await loop.enqueue("a")
        await world.untilEnded(2)
        await loop.shutdown()
        await running
        #expect(world.clock.sleeping == 0)
        #expect(world.turns == ["a", "a"])
    }

    @Test("each failure in a row doubles the longest wait, up to the most; a success starts anew")
    func backsOff() async {
        let world = World { _, turn in turn == 6 ? .lookAgain(after: .seconds(77)) : .retry(Refusal()) }
        let loop = world.loop(workers: 1, chance: Fixed(value: .max))
        async let running: Void = loop.run()
        await loop.enqueue("a")
        var waits: [Duration] = []
        for _ in 1...7 {
            await world.clock.untilSleeping(1)
            let wait = world.clock.nextWake ?? .zero
            waits.append(wait)
            world.clock.advance(by: wait)
        }
        await world.clock.untilSleeping(1)
        await loop.shutdown()
        await running
        let expected = [1, 2, 4, 8, 10, 77, 1]
        for (wait, bound) in zip(waits, expected) {
            #expect(wait <= .seconds(bound) && wait > .seconds(bound) * 0.99, "\(waits)")
        }
    }

    @Test("the wait is anything from nothing to its bound")
    func jitter() async {
        let world = World { _, turn in turn < 4 ? .retry(Refusal()) : .settled }
        let loop = world.loop(workers: 1, chance: Fixed(value: 0))
        await loop.enqueue("a")
        async let running: Void = loop.run()
        await world.untilEnded(4)
        await loop.shutdown()
        await running
        #expect(world.clock.now.offset == .zero)
    }

    @Test("what gave up is not tried again until it is enqueued")
    func gaveUp() async {
        let world = World { _, turn in turn == 1 ? .gaveUp(Refusal()) : .settled }
        let loop = world.loop(workers: 1)
        async let running: Void = loop.run()
        await loop.enqueue("a")
        await world.untilEnded(1)
        #expect(world.clock.sleeping == 0)
        #expect(world.turns == ["a"])
        await loop.enqueue("a")
        await world.untilEnded(2)
        await loop.shutdown()
        await running
        #expect(world.outcomes == ["a gave up", "a settled"])
    }

    @Test("shutting down finishes what is queued and running, and starts nothing more")
    func drains() async {
        let gate = Gate()
        let world = World { key, _ in
            if key == "a" { await gate.wait() }
            return .lookAgain(after: .seconds(1))
        }
        let loop = world.loop(workers: 1)
        async let running: Void = loop.run()
        await loop.enqueue("a")
        await gate.untilWaiting()
        await loop.enqueue("b")
        await loop.shutdown()
        #expect(await loop.enqueue("c") == false)
        gate.open()
        await running
        #expect(world.turns == ["a", "b"])
        #expect(world.clock.sleeping == 0)
    }

    @Test("a cancelled loop returns when the turns under way have, and they see the cancellation")
    func cancelled() async {
        let gate = Gate()
        let sawCancellation = Atomic<Bool>(false)
        let world = World { _, _ in
            await gate.wait()
            sawCancellation.store(Task.isCancelled, ordering: .sequentiallyConsistent)
            return .lookAgain(after: .seconds(1))
        }
        let loop = world.loop(workers: 1)
        let running = Task { await loop.run() }
        await loop.enqueue("a")
        await loop.enqueue("b")
        await gate.untilWaiting()
        running.cancel()
        gate.open()
        await running.value
        #expect(world.turns == ["a"])
        let wasSeen = sawCancellation.load(ordering: .sequentiallyConsistent)
        #expect(wasSeen)
        #expect(await loop.enqueue("c") == false)
    }
}
