// SPDX-License-Identifier: Apache-2.0

extension AWSInstant {
    /// `20150830T123600Z`, as SigV4 writes it.
    package var basicISO8601: String {
        let time = CivilTime(secondsSinceEpoch: seconds)
        var text: [UInt8] = []
        text.reserveCapacity(16)
        append(time.year, 4, to: &text)
        append(time.month, 2, to: &text)
        append(time.day, 2, to: &text)
        text.append(UInt8(ascii: "T"))
        append(time.hour, 2, to: &text)
        append(time.minute, 2, to: &text)
        append(time.second, 2, to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The last `width` digits, with zeros before.
    private func append(_ number: Int64, _ width: Int, to text: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// `2015-08-30T12:36:00Z`.
    package var iso8601: String {
        let time = CivilTime(secondsSinceEpoch: seconds)
        return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))T"
            + "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))Z"
    }

    /// Reads RFC 3339 (`2015-08-30T12:36:00.5Z`, `…+02:00`, a space for T, and the `…UTC` of old SSO caches).
    package init?(iso8601 text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2), scanner.skip(":"),
            let second = scanner.number(2)
        else { return nil }
        let fraction = scanner.skip(".") ? scanner.fraction() : 0
        guard let fraction, let offset = scanner.zone(), scanner.isAtEnd else { return nil }
        let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        guard let instant = time.instant(offsetSeconds: offset, nanoseconds: fraction) else { return nil }
        self = instant
    }

    /// Reads a Date header, `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110, section 5.6.7; the obsolete forms are not read).
    package init?(httpDate text: String) {
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[5] == "GMT" || fields[5] == "UTC", let day = Int64(fields[1]),
            let month = Self.months.firstIndex(of: String(fields[2])), let year = Int64(fields[3])
        else { return nil }
        let clock = fields[4].split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else { return nil }
        let time = CivilTime(
            year: year, month: Int64(month) + 1, day: day, hour: hour, minute: minute, second: second)
        guard let instant = time.instant() else { return nil }
        self = instant
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}

/// Walks over ASCII digits and marks.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == mark.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let byte = rest.first, (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
            rest = rest.dropFirst()
        }
        return value
    }

    /// Digits after the point, in nanoseconds; what is finer is dropped.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while let digit = number(1) {
            if digits < 9 { value = value * 10 + digit }
            digits += 1
        }
        guard digits > 0 else { return nil }
        for _ in min(digits, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of Greenwich.
    mutating func zone() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        if skip("U") { return skip("T") && skip("C") ? 0 : nil }
        let sign: Int64 = skip("-") ? -1 : (skip("+") ? 1 : 0)
        guard sign != 0, let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2) else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
