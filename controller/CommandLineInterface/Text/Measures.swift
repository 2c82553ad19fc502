// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// How figures and times are written for people. Machine-readable output never goes through here.
package enum Measures {
    /// A number with exactly `places` decimals, rounded half away from zero; `unknown` for what is no number.
    package static func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { power, _ in power * 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled.isFinite, scaled < 9e15 else { return "unknown" }
        let whole = Int64(scaled)
        let unit = Int64(scale)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard places > 0 else { return sign + String(whole) }
        let fraction = String(whole % unit)
        return sign + String(whole / unit) + "." + String(repeating: "0", count: places - fraction.utf8.count)
            + fraction
    }

    /// `at most 1 target, at least 2 healthy`.
    static func limits(_ limits: LimitsSpec) -> String {
        let targets = limits.maxTargets == 1 ? "1 target" : "\(limits.maxTargets) targets"
        return "at most \(targets), at least \(limits.minHealthy) healthy"
    }

    /// `41.283 s (41.271 to 41.296)`; the bounds are left out when they say nothing more.
    package static func figure(_ figure: Figure) -> String {
        bounded(figure.seconds, low: figure.low, high: figure.high)
    }

    static func bounded(_ seconds: Double, low: Double, high: Double) -> String {
        let (text, lowText, highText) = (
            decimal(seconds, places: 3), decimal(low, places: 3), decimal(high, places: 3)
        )
        return text == lowText && text == highText ? text + " s" : "\(text) s (\(lowText) to \(highText))"
    }

    /// Time that is running: `8.3 s` under a minute, then `1m 05s`, then `2h 03m 09s`.
    package static func running(_ duration: Duration) -> String {
        let nanoseconds = max(0, duration.wholeNanoseconds)
        if nanoseconds < 60_000_000_000 {
            return "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10) s"
        }
        let seconds = nanoseconds / 1_000_000_000
        let minutes = "\(two(seconds / 60 % 60))m \(two(seconds % 60))s"
        if seconds < 3_600 { return "\(seconds / 60)m \(two(seconds % 60))s" }
        return "\(seconds / 3_600)h \(minutes)"
    }

    /// A latency: `850 µs`, `12.4 ms`, `1.25 s`.
    package static func latency(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        if seconds < 0.001 { return decimal(seconds * 1e6, places: 0) + " µs" }
        return seconds < 1 ? milliseconds(seconds * 1e3) : decimal(seconds, places: 2) + " s"
    }

    static func milliseconds(_ value: Double) -> String {
        value < 1_000 ? decimal(value, places: 1) + " ms" : decimal(value / 1_000, places: 2) + " s"
    }

    /// `2026-11-24T05:36:04.123Z`, cut to milliseconds.
    package static func moment(_ timestamp: Timestamp) -> String {
        String(timestamp.description.prefix(23)) + "Z"
    }

    /// `2026-11-24 05:36:04`, of UTC.
    static func date(_ timestamp: Timestamp) -> String {
        String(timestamp.description.prefix(10)) + " " + String(timestamp.description.prefix(19).suffix(8))
    }

    /// `05:36:04.123`, of UTC.
    static func timeOfDay(_ timestamp: Timestamp) -> String { String(timestamp.description.prefix(23).suffix(12)) }

    /// How long ago, in one unit: `12s`, `5m`, `3h`, `2d`.
    static func age(_ duration: Duration) -> String {
        let seconds = max(0, duration.wholeNanoseconds / 1_000_000_000)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<7_200: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3_600)h"
        default: return "\(seconds / 86_400)d"
        }
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
