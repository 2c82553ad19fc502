// SPDX-License-Identifier: Apache-2.0

/// A whole answer, of any status: which ones are good is the caller's question.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Of the last answer when redirects were followed, in the order received.
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package var timings: HTTPTimings
    /// `address:port` of the peer; nil over a Unix socket.
    package var remoteAddress: String?

    /// The first field of that name, compared without regard to case (RFC 9110, 5.1).
    package func header(_ name: String) -> String? {
        headers.first { isSameFieldName($0.name, name) }?.value
    }
}

/// Whether two field names are equal but for the case of ASCII letters.
func isSameFieldName(_ one: String, _ other: String) -> Bool {
    one.utf8.count == other.utf8.count
        && zip(one.utf8, other.utf8).allSatisfy { lowercasedASCII($0) == lowercasedASCII($1) }
}

/// The byte with A to Z made small.
func lowercasedASCII(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}

/// Where the time of a transfer went. Each duration counts from `begun`; zero means the step was not reached.
package struct HTTPTimings: Sendable, Equatable {
    /// Until the name was resolved.
    package var nameLookup: Duration = .zero
    /// Until TCP stood; zero when a kept connection was used.
    package var connect: Duration = .zero
    /// Until TLS stood; zero without TLS.
    package var tlsHandshake: Duration = .zero
    /// Until the first byte of the answer.
    package var firstByte: Duration = .zero
    /// Until the end.
    package var total: Duration = .zero
    /// CLOCK_MONOTONIC in nanoseconds, taken on the event loop right before the transfer was given to libcurl.
    package var begun: Int64
    /// CLOCK_MONOTONIC in nanoseconds, taken on the event loop when libcurl said that the transfer had ended.
    package var ended: Int64

    /// A transfer of which only the ends are known.
    package init(begun: Int64, ended: Int64) {
        self.begun = begun
        self.ended = ended
        total = .nanoseconds(ended - begun)
    }
}
