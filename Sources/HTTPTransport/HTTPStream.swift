// SPDX-License-Identifier: Apache-2.0
import CCurl
import Synchronization

/// The bounds of a streamed answer. There are no defaults: how long silence may last depends on what the other side
/// promises.
package struct HTTPStreamLimits: Sendable, Equatable {
    /// How long the body may say nothing before the stream ends as `.timedOut`.
    package var idle: Duration
    /// Bytes held for a reader that is slower than the sender; at the bound the transfer pauses.
    package var bufferBytes: Int

    package init(idle: Duration, bufferBytes: Int) {
        self.idle = idle
        self.bufferBytes = bufferBytes
    }
}

/// Status and header fields of an answer, without its body.
package struct HTTPStreamHead: Sendable {
    package var status: Int
    /// In the order received.
    package var headers: [HTTPHeader]

    /// The first field of that name, compared without regard to case (RFC 9110, 5.1).
    package func header(_ name: String) -> String? {
        headers.first { isSameFieldName($0.name, name) }?.value
    }
}

/// An answer of which the body is still coming.
package struct HTTPStreamedResponse: Sendable {
    package var head: HTTPStreamHead
    package var body: HTTPBodyStream
}

/// The body of an answer as it comes, in pieces of any size. It is read once, by one task. Letting go of it, or
/// cancelling the task that reads, ends the transfer.
package struct HTTPBodyStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = TransportError

    let reader: StreamReader

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }

    /// Throws `.cancelled`, `.timedOut` when the silence lasted too long, `.closed`, or what broke the transfer.
    package struct AsyncIterator: AsyncIteratorProtocol {
        let reader: StreamReader

        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws(TransportError)
            -> [UInt8]?
        {
            try await reader.next()
        }
    }
}

/// Keeps the client alive while an answer of its is read, and ends the transfer when nobody does any more.
final class StreamReader: Sendable {
    private let client: HTTPClient
    private let ticket: RequestTicket
    private let sink: StreamSink

    init(client: HTTPClient, ticket: RequestTicket, sink: StreamSink) {
        self.client = client
        self.ticket = ticket
        self.sink = sink
    }

    deinit { client.abort(ticket) }

    func next() async throws(TransportError) -> [UInt8]? {
        let piece = await withTaskCancellationHandler {
            await sink.next { client.resume(ticket) }
        } onCancel: {
            client.abort(ticket)
        }
        return try piece.get()
    }
}

extension HTTPClient {
    /// Sends, and returns when the head of the answer is there; the body then comes as a stream, without a limit on its
    /// size. `timeouts.total` is for the head. Redirects are not followed. Cancelling ends the transfer.
    package func stream(
        _ request: HTTPRequest, limits: HTTPStreamLimits
    ) async throws(TransportError) -> HTTPStreamedResponse {
        var request = request
        request.redirects = .refuse
        let checked = try CheckedRequest(request)
        let ticket = nextTicket()
        let sink = StreamSink(limits: limits)
        let reader = StreamReader(client: self, ticket: ticket, sink: sink)
        let cancellation = Cancellation()
        let head = await withTaskCancellationHandler {
            begin(checked, ticket, cancellation, sink)
            return await sink.head()
        } onCancel: {
            cancellation.isRequested.store(true, ordering: .releasing)
            abort(ticket)
        }
        return HTTPStreamedResponse(head: try head.get(), body: HTTPBodyStream(reader: reader))
    }

    private func begin(
        _ checked: CheckedRequest, _ ticket: RequestTicket, _ cancellation: Cancellation, _ sink: StreamSink
    ) {
        let isAccepted = loop.execute { [transfers] context in
            if cancellation.isRequested.load(ordering: .acquiring) {
                return sink.finish(.failure(.cancelled(mayHaveBeenSent: false)))
            }
            transfers.value(in: context).begin(ticket, checked, in: context, stream: sink) { result in
                sink.finish(result.map { _ in })
            }
        }
        if !isAccepted { sink.finish(.failure(.closed(mayHaveBeenSent: false))) }
    }

    /// Lets a paused transfer go on.
    func resume(_ ticket: RequestTicket) {
        loop.execute { [transfers] context in transfers.value(in: context).set?.resume(ticket) }
    }
}

extension TransferSet {
    /// Offers a paused transfer's bytes to its reader again.
    func resume(_ ticket: RequestTicket) {
        guard let transfer = runningTransfer(ticket) else { return }
        let code = transfer.resume()
        if code != CURLE_OK {
            _ = abortRunning(ticket) { TransportError(code, $0.facts(ended: monotonicNanoseconds())) }
            startWaiting()
        }
        drive()
    }
}
