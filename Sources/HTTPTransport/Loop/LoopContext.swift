// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// What code on the loop's thread may do with the loop. It exists on that thread only and is not `Sendable`.
package final class LoopContext {
    /// Called with the events of epoll_ctl(2) that are ready.
    package typealias EventHandler = (UInt32) -> Void

    private struct Watch {
        var generation: UInt32
        var events: UInt32
        var handler: EventHandler
    }

    let inbox: LoopInbox
    private let epoll: Int32
    private let clock: Int32
    private var watches: ContiguousArray<Watch?> = []
    private var generation: UInt32 = 0
    private var timers = TimerHeap()
    private var armed: Int64 = .max
    /// For how long, in all, timers that were due had to wait: the thread had no processor, or was busy. Nanoseconds.
    package private(set) var stalledNanoseconds: Int64 = 0
    private var closeHandlers: [() -> Void] = []
    /// A timer later than this waited for the thread.
    private static let stallNanoseconds: Int64 = 5_000_000
    private static let wakeToken = UInt64.max
    private static let clockToken = UInt64.max - 1

    init(inbox: LoopInbox) throws(TransportError) {
        self.inbox = inbox
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .noDescriptor("epoll_create1", errno) }
        clock = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
        guard clock >= 0 else {
            let code = errno
            close(epoll)
            throw .noDescriptor("timerfd_create", code)
        }
        // Edges only: neither descriptor is ever read, so a wake-up costs no call beyond the wait itself.
        let edges = EPOLLIN.rawValue | EPOLLET.rawValue
        _ = control(EPOLL_CTL_ADD, inbox.wakeDescriptor, edges, Self.wakeToken)
        _ = control(EPOLL_CTL_ADD, clock, edges, Self.clockToken)
    }

    deinit {
        close(epoll)
        close(clock)
        inbox.closeDescriptor()
    }

    /// Calls `handler` whenever one of `events` (EPOLLIN, EPOLLOUT) is ready on the descriptor, level-triggered.
    /// False, with `errno` set, when the kernel refuses (epoll_ctl(2)).
    package func watch(_ descriptor: Int32, events: UInt32, handler: @escaping EventHandler) -> Bool {
        let index = Int(descriptor)
        if index >= watches.count {
            watches.append(contentsOf: repeatElement(nil, count: index + 1 - watches.count))
        }
        generation &+= 1
        watches[index] = Watch(generation: generation, events: events, handler: handler)
        guard control(EPOLL_CTL_ADD, descriptor, events, token(descriptor, generation)) == 0 else {
            watches[index] = nil
            return false
        }
        return true
    }

    /// Changes what a watched descriptor is watched for. Does nothing for one that is not watched.
    package func change(_ descriptor: Int32, events: UInt32) {
        guard let watch = watches[Int(descriptor)], watch.events != events else { return }
        watches[Int(descriptor)]?.events = events
        _ = control(EPOLL_CTL_MOD, descriptor, events, token(descriptor, watch.generation))
    }

    /// Whether the descriptor is watched.
    package func isWatching(_ descriptor: Int32) -> Bool {
        Int(descriptor) < watches.count && watches[Int(descriptor)] != nil
    }

    /// Forgets the descriptor; call it before closing one. Events already fetched for it are dropped.
    package func unwatch(_ descriptor: Int32) {
        guard isWatching(descriptor) else { return }
        watches[Int(descriptor)] = nil
        _ = control(EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Calls `action` once at or after `instant` (CLOCK_MONOTONIC nanoseconds), unless cancelled before.
    @discardableResult
    package func schedule(at instant: Int64, _ action: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(instant: instant, action: action)
        timers.insert(timer)
        return timer
    }

    /// Called on the thread when the loop closes, in the order given.
    package func onClose(_ handler: @escaping () -> Void) { closeHandlers.append(handler) }

    private func token(_ descriptor: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Int32 {
        var event = epoll_event(events: events, data: epoll_data_t(u64: token))
        return epoll_ctl(epoll, operation, descriptor, &event)
    }
}

extension LoopContext {
    /// Runs until the loop is closed. Called once, on the loop's own thread.
    func run() {
        let capacity = 256
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: capacity)
        defer { events.deallocate() }
        while true {
            let (jobs, isClosed) = inbox.take()
            for job in jobs { job(self) }
            if isClosed { break }
            let count = epoll_wait(epoll, events.baseAddress, Int32(capacity), arm() ? -1 : 0)
            // What has arrived is looked at before what is due: an answer that is there beats its own timeout.
            if count > 0 { dispatch(UnsafeMutableBufferPointer(rebasing: events[..<Int(count)])) }
            runDueTimers()
        }
        for handler in closeHandlers { handler() }
        closeHandlers = []
        watches = []
    }

    private func dispatch(_ events: UnsafeMutableBufferPointer<epoll_event>) {
        for event in events {
            let token = event.data.u64
            if token == Self.clockToken {
                armed = .max
            } else if token != Self.wakeToken {
                let index = Int(token & 0xFFFF_FFFF)
                if index < watches.count, let watch = watches[index], watch.generation == UInt32(token >> 32) {
                    watch.handler(event.events)
                }
            }
        }
    }

    /// Runs what was due when it was called; what those actions add for now waits for the next round, so that
    /// a timer that renews itself cannot starve the descriptors.
    private func runDueTimers() {
        guard let first = timers.earliest else { return }
        let now = monotonicNanoseconds()
        guard first <= now else { return }
        if now - first >= Self.stallNanoseconds { stalledNanoseconds += now - first }
        for timer in timers.removeDue(at: now) { timer.fire() }
    }

    /// Sets the clock to the earliest timer. False when that one is due already.
    private func arm() -> Bool {
        guard let earliest = timers.earliest else { return true }
        if earliest >= armed { return true }
        if earliest <= monotonicNanoseconds() { return false }
        armed = earliest
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(earliest / 1_000_000_000)
        setting.it_value.tv_nsec = Int(earliest % 1_000_000_000)
        timerfd_settime(clock, Int32(TFD_TIMER_ABSTIME), &setting, nil)
        return true
    }
}
