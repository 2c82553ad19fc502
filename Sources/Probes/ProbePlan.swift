// SPDX-License-Identifier: Apache-2.0
package import ChaosModel
import HTTPTransport
import Measurement

/// A probe that is ready to run: everything that can be checked or computed once has been.
package struct ProbePlan: Sendable {
    /// How an attempt is made.
    enum Kind: Sendable {
        case http(HTTPProbe)
        case tcp(TCPProbe)
        case dns(DNSProbe)
        case action(any ProbeAction)
    }

    package let name: String
    /// At least 1 ms.
    package let interval: Duration
    /// For the whole attempt.
    package let timeout: Duration
    /// Within which an attempt that cannot connect ends.
    let connectTimeout: Duration
    /// A slot that comes when so many attempts are under way is missed (`tooManyOutstanding`).
    package var maximumOutstanding: Int
    let kind: Kind

    /// The most attempts of one probe that are ever under way, whatever its timeout and interval.
    package static let outstandingCeiling = 4096

    /// From a manifest. `action` makes the attempts of the kinds that ask AWS, each within `actionTimeout`; for the
    /// other kinds it is not used. Throws `.invalidSpec` or `.actionMissing`, naming the probe and the setting.
    package init(_ spec: ProbeSpec, action: (any ProbeAction)? = nil, actionTimeout: Duration = .seconds(30))
        throws(ProbeError)
    {
        try self.init(
            name: spec.name, kind: spec.kind, interval: spec.interval, action: action, actionTimeout: actionTimeout)
    }

    /// From the parts: for a gate, which is asked once, any interval will do.
    package init(
        name: String, kind: ProbeKind, interval: Duration, action: (any ProbeAction)? = nil,
        actionTimeout: Duration = .seconds(30)
    ) throws(ProbeError) {
        let timeout: Duration
        var connectTimeout: Duration?
        switch kind {
        case .http(let spec):
            let probe = try HTTPProbe(spec, name: name)
            self.kind = .http(probe)
            timeout = probe.timeout
            connectTimeout = probe.connectTimeout
        case .tcp(let spec):
            let probe = try TCPProbe(spec, name: name)
            self.kind = .tcp(probe)
            timeout = probe.timeout
        case .dns(let spec):
            let probe = try DNSProbe(spec, name: name)
            self.kind = .dns(probe)
            timeout = probe.timeout
        case .autoScalingGroup, .targetGroup, .instanceState, .cloudWatchAlarm, .cloudWatchMetric:
            guard let action else { throw .actionMissing(name) }
            self.kind = .action(action)
            timeout = actionTimeout
        }
        self.name = name
        self.interval = interval
        self.timeout = timeout
        self.connectTimeout = connectTimeout ?? timeout
        maximumOutstanding = try Self.outstanding(name, interval, timeout, floor: kind.asksAWS ? 2 : 64)
    }

    /// An action of any kind, at a rate. Throws `.invalidSpec` for an interval under 1 ms or a timeout of nothing.
    package init(name: String, interval: Duration, timeout: Duration, action: any ProbeAction) throws(ProbeError) {
        self.name = name
        self.interval = interval
        self.timeout = timeout
        connectTimeout = timeout
        kind = .action(action)
        maximumOutstanding = try Self.outstanding(name, interval, timeout, floor: 2)
    }

    /// As many as can be under way when each takes its full timeout, and some for the engine's own delays.
    private static func outstanding(_ name: String, _ interval: Duration, _ timeout: Duration, floor: Int)
        throws(ProbeError) -> Int
    {
        guard interval >= .milliseconds(1) else {
            throw .invalidSpec(name, "its interval is \(interval)", hint: "Give an interval (every) of 1ms or more.")
        }
        guard timeout >= .milliseconds(1) else {
            throw .invalidSpec(name, "its timeout is \(timeout)", hint: "Give a timeout of 1ms or more.")
        }
        let overlapping = timeout.wholeNanoseconds / interval.wholeNanoseconds + 1
        let margin: Int64 = floor == 2 ? 1 : 8
        return Int(min(Int64(outstandingCeiling), max(Int64(floor), overlapping + margin)))
    }
}

extension ProbeError {
    static func invalidSpec(_ name: String, _ what: String, hint: String, cause: (any Error)? = nil) -> ProbeError {
        ProbeError(.invalidSpec, message: "Probe \(name) cannot run: \(what).", hint: hint, cause: cause)
    }

    fileprivate static func actionMissing(_ name: String) -> ProbeError {
        ProbeError(
            .actionMissing, message: "Probe \(name) asks AWS, and nothing here can.",
            hint: "Run it where AWS credentials and a region are configured.")
    }
}
