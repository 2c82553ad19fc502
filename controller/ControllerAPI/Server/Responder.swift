// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOSSL

/// Between the HTTP library and the API: reads a request into plain values, and writes an answer.
struct Responder: Sendable {
    let api: API
    let limits: APIServerLimits

    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let head = RequestHead(request, certificate: await Self.certificate(of: channel))
        let answer = await api.answer(head) { () async throws(StatusError) in try await body(of: request) }
        var fields: HTTPFields = [.contentType: answer.contentType, .cacheControl: "no-cache, private"]
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        let status = HTTPResponse.Status(code: answer.status)
        switch answer.body {
        case .bytes(let bytes):
            fields[.contentLength] = String(bytes.count)
            let head = HTTPResponse(status: status, headerFields: fields)
            try await writer.write(
                response: head, body: request.method == .head ? .init() : .init(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let produce):
            let body = try await writer.writeHead(HTTPResponse(status: status, headerFields: fields))
            try await stream(produce, to: body, of: request)
        }
    }

    /// A stream ends when it has said everything, and when the client goes.
    private func stream(
        _ produce: @escaping @Sendable (any AnswerSink) async throws -> Void, to writer: some ResponseBodyWriter,
        of request: Request
    ) async throws {
        let sink = BodySink(writer: writer)
        do {
            try await request.body.consumeWithCancellationOnInboundClose { _ in try await produce(sink) }
        } catch is CancellationError {
            // The client has gone, or the server ends: what was written is whole.
        }
        try await writer.finish(nil)
    }

    private func body(of request: Request) async throws(StatusError) -> [UInt8] {
        let isEmpty =
            request.headers[.contentLength] == "0"
            || request.headers[.contentLength] == nil
                && request.headers[.transferEncoding] == nil && [.get, .head].contains(request.method)
        if isEmpty { return [] }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
            throw .tooLarge(limit: limits.bodyBytes)
        }
        do {
            let buffer = try await request.body.collect(upTo: limits.bodyBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .tooLarge(limit: limits.bodyBytes)
        } catch {
            throw .badRequest("the body did not come whole")
        }
    }

    /// The leaf that the client showed; on HTTP/2 the connection is the stream's parent.
    private static func certificate(of channel: any Channel) async -> [UInt8]? {
        for candidate in [channel, channel.parent].compactMap({ $0 }) {
            let found = candidate.nioSSL_peerCertificate().flatMapThrowing { try $0?.toDERBytes() }
            if let bytes = try? await found.get() { return bytes }  // No TLS handler there: look at the other one.
        }
        return nil
    }
}

/// Streams into a response.
///
/// Unchecked, as the library hides that its writer is `Sendable`: it is one reference to NIO's own writer, which is.
private struct BodySink<Writer: ResponseBodyWriter>: AnswerSink, @unchecked Sendable {
    let writer: Writer

    func write(_ bytes: [UInt8]) async throws {
        var writer = writer
        try await writer.write(ByteBuffer(bytes: bytes))
    }
}
