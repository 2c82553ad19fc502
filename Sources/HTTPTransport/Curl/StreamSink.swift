// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Between libcurl's thread and the one task that reads a streamed answer: a buffer with a bound. At the bound libcurl
/// is told to pause, which stops reading from the socket, which in the end stops the sender (TCP's own flow control).
///
/// Everything on the loop's side returns at once. Invariants: the head comes first and once; after the end nothing is
/// taken; what was buffered is read before the end is told, also before a failure.
final class StreamSink: Sendable {
    typealias Piece = Result<[UInt8]?, TransportError>
    typealias Head = Result<HTTPStreamHead, TransportError>

    private struct State {
        var head: Head?
        var headWaiter: CheckedContinuation<Head, Never>?
        var buffer: [UInt8] = []
        var reader: CheckedContinuation<Piece, Never>?
        var end: Result<Void, TransportError>?
        var isPaused = false
    }

    let limits: HTTPStreamLimits
    private let state = Mutex(State())

    init(limits: HTTPStreamLimits) { self.limits = limits }

    /// Whether the loop waits for the reader.
    var isPaused: Bool { state.withLock { $0.isPaused } }

    // MARK: The loop's side

    func begin(_ head: HTTPStreamHead) {
        let waiter = state.withLock { state -> CheckedContinuation<Head, Never>? in
            guard state.head == nil else { return nil }
            state.head = .success(head)
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: .success(head))
    }

    /// False when the bytes are not taken, and libcurl is to offer them again after `resume`.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, reader) = state.withLock { state -> (Bool, CheckedContinuation<Piece, Never>?) in
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            // One piece always fits, however large: otherwise a small bound would never let it through.
            guard state.buffer.isEmpty || state.buffer.count + bytes.count <= limits.bufferBytes else {
                state.isPaused = true
                return (false, nil)
            }
            state.buffer.append(contentsOf: bytes)
            return (true, nil)
        }
        reader?.resume(returning: .success(Array(bytes)))
        return isTaken
    }

    /// The loop goes on: what does not fit pauses it again.
    func goOn() { state.withLock { $0.isPaused = false } }

    /// The transfer is over; the first end counts.
    func finish(_ end: Result<Void, TransportError>) {
        let (headWaiter, reader) = state.withLock { state in
            if state.end == nil { state.end = end }
            if state.head == nil { state.head = Self.headOfEnd(end) }
            defer { (state.headWaiter, state.reader) = (nil, nil) }
            return (state.headWaiter, state.reader)
        }
        headWaiter?.resume(returning: Self.headOfEnd(end))
        reader?.resume(returning: end.map { nil })
    }

    /// An answer without a head can only be a failure; libcurl does not end well without one.
    private static func headOfEnd(_ end: Result<Void, TransportError>) -> Head {
        end.flatMap {
            .failure(
                TransportError(
                    .emptyReply, message: "The answer ended before its head did.",
                    hint: TransportError.hint(for: .emptyReply), requestMayHaveBeenSent: true))
        }
    }

    // MARK: The reader's side

    func head() async -> Head {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Head? in
                if state.head == nil { state.headWaiter = continuation }
                return state.head
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// The next bytes, or nil at the end. `resume` is called when the loop waits for room that there is now.
    func next(resume: () -> Void) async -> Piece {
        await withCheckedContinuation { continuation in
            let (known, wasPaused) = state.withLock { state -> (Piece?, Bool) in
                precondition(state.reader == nil, "a streamed answer is read by two tasks at once")
                if !state.buffer.isEmpty {
                    defer { state.buffer = [] }
                    return (.success(state.buffer), state.isPaused)
                }
                if let end = state.end { return (end.map { nil }, false) }
                state.reader = continuation
                return (nil, state.isPaused)
            }
            if wasPaused { resume() }
            if let known { continuation.resume(returning: known) }
        }
    }
}
