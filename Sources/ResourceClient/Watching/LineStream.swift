// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

/// The lines of an answer as they come: one JSON document each (https://github.com/ndjson/ndjson-spec). Read once, by
/// one task; letting go of it, or cancelling that task, ends the transfer.
package struct LineStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = ClientError

    let body: HTTPBodyStream

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: body.makeAsyncIterator()) }

    /// Throws `.unreachable` when the connection breaks or stays silent for too long, `.tooLarge`, `.cancelled`.
    package struct AsyncIterator: AsyncIteratorProtocol {
        private var pieces: HTTPBodyStream.AsyncIterator
        private var splitter = LineSplitter()

        init(pieces: HTTPBodyStream.AsyncIterator) { self.pieces = pieces }

        package mutating func next(isolation: isolated (any Actor)? = #isolation) async throws(ClientError) -> [UInt8]?
        {
            while true {
                if let line = splitter.next() { return line }
                let piece: [UInt8]?
                do { piece = try await pieces.next() } catch { throw ClientError(error) }
                guard let piece else { return splitter.last() }
                guard splitter.add(piece) else {
                    throw ClientError(
                        .tooLarge, "the server sent a line of more than \(LineSplitter.longestLine) bytes",
                        hint: "Check the address of the server.")
                }
            }
        }
    }
}

extension ResourceClient {
    /// Asks for an answer that comes line by line. `silence` is how long it may say nothing.
    package func lines(
        _ path: ResourcePath, accept: String = "application/json", silence: Duration
    ) async throws(ClientError) -> LineStream {
        let limits = HTTPStreamLimits(idle: silence, bufferBytes: 256 * 1_024)
        let request = try request("GET", path, [], "application/json", accept)
        let answer: HTTPStreamedResponse
        do { answer = try await transport.stream(request, limits: limits) } catch { throw ClientError(error) }
        tellWarnings(answer.head.headers)
        guard answer.head.status < 300 else {
            throw ClientError(
                status: answer.head.status, body: try await Self.beginning(of: answer.body),
                retryAfter: answer.head.header("Retry-After"), request: "GET \(request.url)")
        }
        return LineStream(body: answer.body)
    }

    /// At most a mebibyte of a refusal.
    private static func beginning(of body: HTTPBodyStream) async throws(ClientError) -> [UInt8] {
        var bytes: [UInt8] = []
        var pieces = body.makeAsyncIterator()
        do {
            while bytes.count < 1_048_576, let piece = try await pieces.next() { bytes += piece }
        } catch {
            throw ClientError(error)
        }
        return bytes
    }
}
