// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import Synchronization

/// One thread that waits for descriptors, instants and jobs (epoll(7), timerfd_create(2), eventfd(2)).
///
/// Everything that must never wait for Swift's shared pool runs here: libcurl, the probes' clock, their sockets. State
/// that belongs to the thread is held in a `LoopBound` and reached only from a job, a timer or a descriptor's handler,
/// so it needs no lock. Invariants: jobs run in the order given; after `close` no job is accepted; what was accepted
/// runs. Handlers must not block.
package final class EventLoop: Sendable {
    /// Work for the loop's thread.
    package typealias Job = @Sendable (LoopContext) -> Void

    let inbox: LoopInbox

    /// Starts the thread. An urgent one asks to run before others, as far as this process may ask for that
    /// (CAP_SYS_NICE): for loops that measure time on a busy machine. Throws `.outOfResources` when the
    /// system gives no descriptor or thread.
    package init(threadName: String, isUrgent: Bool = false) throws(TransportError) {
        let inbox = try LoopInbox()
        let context: Result<LoopContext, TransportError> = Result { () throws(TransportError) in
            try LoopContext(inbox: inbox)
        }
        switch context {
        case .success(let context):
            self.inbox = inbox
            try LoopThread.start(name: threadName, isUrgent: isUrgent, running: context)
        case .failure(let error):
            throw error
        }
    }

    deinit { inbox.close() }

    /// Hands a job to the thread. False when the loop was closed: then the job will not run.
    @discardableResult
    package func execute(_ job: @escaping Job) -> Bool { inbox.add(job) }

    /// Lets the thread run what it has, call the close handlers, and end. Does not wait for it; may be repeated.
    package func close() { inbox.close() }
}

/// The door from other threads into a loop: a list of jobs and the eventfd that wakes it.
final class LoopInbox: Sendable {
    private struct State {
        var jobs: [EventLoop.Job] = []
        var isClosed = false
        var isDescriptorOpen = true
    }
    private let state = Mutex(State())
    /// Written only under the lock and while open, so that its number cannot have been given to somebody else.
    let wakeDescriptor: Int32

    init() throws(TransportError) {
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else { throw .noDescriptor("eventfd", errno) }
    }

    deinit { closeDescriptor() }

    func add(_ job: @escaping EventLoop.Job) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            if state.jobs.count == 1 { wake() }
            return true
        }
    }

    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            if state.isDescriptorOpen { wake() }
        }
    }

    /// The jobs so far, and whether no more will come.
    func take() -> (jobs: [EventLoop.Job], isClosed: Bool) {
        state.withLock { state in
            defer { state.jobs.removeAll() }
            return (state.jobs, state.isClosed)
        }
    }

    func closeDescriptor() {
        state.withLock { state in
            guard state.isDescriptorOpen else { return }
            state.isDescriptorOpen = false
            state.isClosed = true
            Glibc.close(wakeDescriptor)
        }
    }

    private func wake() {
        var one: UInt64 = 1
        // The counter cannot overflow: the loop watches edges and the writes are few (eventfd(2)).
        _ = write(wakeDescriptor, &one, 8)
    }
}

extension TransportError {
    static func noDescriptor(_ call: String, _ code: Int32) -> TransportError {
        TransportError(
            code == ENOMEM ? .outOfMemory : .outOfResources,
            message: "\(call) failed: \(String(cString: strerror(code))).",
            hint: "Raise the limit on open files (ulimit -n), or let this process do less at once.",
            requestMayHaveBeenSent: false)
    }
}
