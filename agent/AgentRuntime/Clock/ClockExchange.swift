// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// Four instants of one question and its answer: two by this host's clock, two by the controller's (RFC 5905, section
/// 8). The host's are of a clock that nobody sets (CLOCK_BOOTTIME), so that setting the host's date takes nothing from
/// what is known of the controller's.
///
/// The difference D is the controller's date minus this clock. The question arrived no earlier than it was sent, and
/// the answer left no later than it arrived, so that D is at most `received - sent` and at least `answered - arrived`,
/// however the delay is spread over the two ways.
package struct ClockExchange: Sendable, Equatable {
    /// Nanoseconds since this host's boot.
    package let sent: Int64
    /// The most that D can be, in nanoseconds.
    package let high: Int64
    /// The least that D can be.
    package let low: Int64

    /// Nil for instants that no two clocks could show: the controller's was set between them, or the answer is a lie.
    package init?(sent: Int64, received: Timestamp, answered: Timestamp, arrived: Int64) {
        let (high, overHigh) = received.nanosecondsSinceEpoch.subtractingReportingOverflow(sent)
        let (low, overLow) = answered.nanosecondsSinceEpoch.subtractingReportingOverflow(arrived)
        guard !overHigh, !overLow, sent >= 0, arrived >= sent, answered >= received, low <= high else { return nil }
        self.sent = sent
        self.high = high
        self.low = low
    }

    /// The time on the way, in nanoseconds: as much as the truth can be from one end to the other.
    package var delay: Int64 { high - low }
}
