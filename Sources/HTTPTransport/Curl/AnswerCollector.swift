// SPDX-License-Identifier: Apache-2.0

/// Takes an answer as it streams in and stops it at the limit. The one place where received bytes arrive: an answer
/// that is to be handed on in pieces would be taken off here.
struct AnswerCollector {
    /// Status lines and header lines together; real servers stay under 64 KiB, and libcurl itself ends at 300 KiB.
    static let maximumHeaderBytes = 256 * 1024

    private let limit: Int
    private var headerBytes: [UInt8] = []
    private(set) var body: [UInt8] = []
    /// The answer was longer than the limit and the transfer was stopped for it.
    private(set) var isFull = false

    init(limit: Int = 0) { self.limit = limit }

    /// The count taken: less than given stops the transfer (CURLOPT_WRITEFUNCTION).
    mutating func addBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count <= limit - body.count else {
            isFull = true
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    /// One line with its end. A status line begins a new answer: after "100 Continue", or after a redirect.
    mutating func addHeaderLine(_ line: UnsafeRawBufferPointer) -> Int {
        if line.starts(with: "HTTP/".utf8) { headerBytes.removeAll(keepingCapacity: true) }
        guard headerBytes.count + line.count <= Self.maximumHeaderBytes else {
            isFull = true
            return 0
        }
        headerBytes.append(contentsOf: line)
        return line.count
    }

    /// The fields of the last answer. Bytes that are not UTF-8 are replaced.
    func headers() -> [HTTPHeader] {
        headerBytes.split(separator: 0x0A).compactMap { line in
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else { return nil }
            let value = line[line.index(after: colon)...]
            let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            let trimmed = value.drop(while: isSpace)
            let end = trimmed.lastIndex { !isSpace($0) }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
            return HTTPHeader(
                name: String(decoding: line[..<colon], as: UTF8.self),
                value: String(decoding: trimmed[..<end], as: UTF8.self))
        }
    }
}
