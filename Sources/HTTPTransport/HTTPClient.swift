// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Sends HTTP requests through libcurl on one event loop thread of its own; nothing blocks Swift's shared pool.
///
/// Every request has a deadline, every queue a bound, and every request is answered exactly once: with a response, or
/// with an error that says whether the other side may have seen it.
package final class HTTPClient: Sendable {
    let loop: EventLoop
    private let ownsLoop: Bool
    let transfers: LoopBound<TransferBox>
    private let tickets = Atomic<UInt64>(0)

    /// Starts the event loop's thread. Throws `.outOfResources` or `.outOfMemory`.
    package convenience init(configuration: HTTPClientConfiguration = .init()) throws(TransportError) {
        let loop = try EventLoop(threadName: configuration.threadName)
        let names = NameResolver(
            lifetime: configuration.nameLifetime, maximumThreads: configuration.maximumResolverThreads)
        self.init(configuration: configuration, loop: loop, names: names, ownsLoop: true)
    }

    /// Works on a loop that others use too, and asks their resolver. Closing this client leaves the loop running.
    package convenience init(configuration: HTTPClientConfiguration, on loop: EventLoop, names: NameResolver) {
        self.init(configuration: configuration, loop: loop, names: names, ownsLoop: false)
    }

    private init(configuration: HTTPClientConfiguration, loop: EventLoop, names: NameResolver, ownsLoop: Bool) {
        self.loop = loop
        self.ownsLoop = ownsLoop
        let transfers = LoopBound(TransferBox(configuration, names), on: loop)
        self.transfers = transfers
        loop.execute { context in
            context.onClose { transfers.value(in: context).close() }
        }
    }

    deinit { close() }

    /// Sends and waits for the whole answer, of whatever status. Cancelling the task aborts the transfer and throws
    /// `.cancelled`; whether the request had gone out by then is in the error.
    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        try await send(CheckedRequest(request))
    }

    /// The same for a request that was checked before.
    package func send(_ checked: CheckedRequest) async throws(TransportError) -> HTTPResponse {
        let ticket = nextTicket()
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                start(checked, ticket, cancellation) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            cancellation.isRequested.store(true, ordering: .releasing)
            abort(ticket)
        }
        return try result.get()
    }

    private func start(
        _ checked: CheckedRequest, _ ticket: RequestTicket, _ cancellation: Cancellation,
        _ completion: @escaping @Sendable (Result<HTTPResponse, TransportError>) -> Void
    ) {
        let isAccepted = loop.execute { [transfers] context in
            // An abort that came before this job found no such ticket; the flag is how it is heard.
            if cancellation.isRequested.load(ordering: .acquiring) {
                return completion(.failure(.cancelled(mayHaveBeenSent: false)))
            }
            transfers.value(in: context).begin(ticket, checked, in: context, completion)
        }
        if !isAccepted { completion(.failure(.closed(mayHaveBeenSent: false))) }
    }

    /// Starts a request from the loop's own thread: no task, no lock, no wake-up. `completion` is called once, on
    /// that thread, perhaps before this returns.
    @discardableResult
    package func start(
        _ checked: CheckedRequest, in context: LoopContext,
        completion: @escaping (Result<HTTPResponse, TransportError>) -> Void
    ) -> RequestTicket {
        let ticket = nextTicket()
        transfers.value(in: context).begin(ticket, checked, in: context, completion)
        return ticket
    }

    /// Aborts a request started with `start`; it completes as `.cancelled` unless it is over.
    package func abort(_ ticket: RequestTicket) {
        loop.execute { [transfers] context in transfers.value(in: context).set?.abort(ticket) }
    }

    /// The same, at once, from the loop's own thread.
    package func abort(_ ticket: RequestTicket, in context: LoopContext) {
        transfers.value(in: context).set?.abort(ticket)
    }

    /// Refuses what comes, and fails what is under way as `.closed`. Does not wait; may be repeated.
    package func close() {
        if ownsLoop { return loop.close() }
        loop.execute { [transfers] context in transfers.value(in: context).close() }
    }

    func nextTicket() -> RequestTicket {
        RequestTicket(number: tickets.wrappingAdd(1, ordering: .relaxed).newValue)
    }
}

/// Whether a task that sends has been cancelled, told to a job that may not have run yet.
final class Cancellation: Sendable {
    let isRequested = Atomic(false)
}

/// Makes the transfer set when it is first needed, as only the loop's thread can.
final class TransferBox {
    private let configuration: HTTPClientConfiguration
    private let names: NameResolver
    private(set) var set: TransferSet?
    private var isClosed = false

    init(_ configuration: HTTPClientConfiguration, _ names: NameResolver) {
        self.configuration = configuration
        self.names = names
    }

    func begin(
        _ ticket: RequestTicket, _ checked: CheckedRequest, in context: LoopContext, stream: StreamSink? = nil,
        _ completion: @escaping TransferSet.Completion
    ) {
        guard !isClosed else { return completion(.failure(.closed(mayHaveBeenSent: false))) }
        do throws(TransportError) {
            try open(in: context).begin(ticket, checked, stream: stream, completion)
        } catch {
            completion(.failure(error))
        }
    }

    private func open(in context: LoopContext) throws(TransportError) -> TransferSet {
        if let set { return set }
        let new = try TransferSet(configuration, names, on: context)
        set = new
        return new
    }

    func close() {
        isClosed = true
        set?.close()
        set = nil
    }
}
