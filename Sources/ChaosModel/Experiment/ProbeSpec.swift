// SPDX-License-Identifier: Apache-2.0

/// One measurement of the steady state, made again and again at a fixed rate.
package struct ProbeSpec: Sendable, Equatable {
    package var name: String
    package var kind: ProbeKind
    /// The interval between planned attempts, from 1 ms. Absent: 100ms (http, tcp, dns) or 5s (AWS kinds).
    package var every: WrittenDuration?
    /// So many failures in a row begin an outage. Absent: 2.
    package var failureThreshold: Int?
    /// So many successes in a row end it. Absent: 2.
    package var successThreshold: Int?

    package init(
        name: String, kind: ProbeKind, every: WrittenDuration? = nil, failureThreshold: Int? = nil,
        successThreshold: Int? = nil
    ) {
        self.name = name
        self.kind = kind
        self.every = every
        self.failureThreshold = failureThreshold
        self.successThreshold = successThreshold
    }
}

extension ProbeSpec {
    /// `every`, or what its absence means.
    package var interval: Duration { every?.duration ?? (kind.asksAWS ? .seconds(5) : .milliseconds(100)) }
    package var failuresToFail: Int { failureThreshold ?? 2 }
    package var successesToRecover: Int { successThreshold ?? 2 }
}

/// What a probe asks. In a manifest the case is the key that carries the settings: `http: { … }`.
package enum ProbeKind: Sendable, Equatable {
    case http(HTTPProbeSpec)
    case tcp(TCPProbeSpec)
    case dns(DNSProbeSpec)
    case autoScalingGroup(AutoScalingGroupProbeSpec)
    case targetGroup(TargetGroupProbeSpec)
    case instanceState(InstanceStateProbeSpec)
    case cloudWatchAlarm(CloudWatchAlarmProbeSpec)
    case cloudWatchMetric(CloudWatchMetricProbeSpec)

    /// Whether each attempt is a call to AWS.
    package var asksAWS: Bool {
        switch self {
        case .http, .tcp, .dns: false
        case .autoScalingGroup, .targetGroup, .instanceState, .cloudWatchAlarm, .cloudWatchMetric: true
        }
    }
}

/// Asks a URL. Refused connections, time-outs and wrong answers are failures.
package struct HTTPProbeSpec: Sendable, Codable, Equatable {
    package enum Connection: String, Sendable, Codable, CaseIterable { case fresh, keepAlive }
    package enum Redirects: String, Sendable, Codable, CaseIterable { case refuse, follow }
    package var url: String
    /// Absent: GET.
    package var method: String?
    package var headers: [String: String]?
    package var body: String?
    /// Accepted status codes. Absent: 200 to 299.
    package var status: StatusSet?
    package var match: BodyMatch?
    /// Time for the whole attempt. Absent: 1s.
    package var timeout: WrittenDuration?
    /// Time to connect, at most `timeout`. Absent: `timeout`.
    package var connectTimeout: WrittenDuration?
    /// Absent: fresh, as a kept connection can outlive its listener.
    package var connection: Connection?
    /// Absent: refuse; a redirect is then judged by its own status.
    package var redirects: Redirects?
    package var tls: TLSProbeOptions?

    package init(url: String, status: StatusSet? = nil, timeout: WrittenDuration? = nil) {
        self.url = url
        self.status = status
        self.timeout = timeout
    }
}

/// How an HTTP probe trusts its peer.
package struct TLSProbeOptions: Sendable, Codable, Equatable {
    package var caFile: String?
    package var clientCertificateFile: String?
    package var clientKeyFile: String?
    package var serverName: String?
    /// Absent: true. A probe may measure a server whose certificate it cannot check; nothing secret is sent by it.
    package var verify: Bool?

    package init() {}
}

/// Accepted HTTP status codes: `200`, `"200-299"`, or a list of both.
package struct StatusSet: Sendable, Equatable {
    package var ranges: [ClosedRange<Int>]

    package init(_ ranges: [ClosedRange<Int>]) { self.ranges = ranges }
    package func contains(_ status: Int) -> Bool { ranges.contains { $0.contains(status) } }
}

/// What the body of an answer must look like; exactly one is set.
package struct BodyMatch: Sendable, Codable, Equatable {
    package var contains: String?
    package var equals: String?
    /// A regular expression that the whole body must match.
    package var regex: String?

    package init(contains: String? = nil, equals: String? = nil, regex: String? = nil) {
        self.contains = contains
        self.equals = equals
        self.regex = regex
    }
}

/// Opens a connection, optionally sends text and expects a beginning of the answer.
package struct TCPProbeSpec: Sendable, Codable, Equatable {
    package var host: String
    package var port: Int
    package var send: String?
    package var expect: String?
    /// Absent: 1s.
    package var timeout: WrittenDuration?

    package init(host: String, port: Int, send: String? = nil, expect: String? = nil, timeout: WrittenDuration? = nil) {
        self.host = host
        self.port = port
        self.send = send
        self.expect = expect
        self.timeout = timeout
    }
}

/// Asks a name server over UDP (RFC 1035).
package struct DNSProbeSpec: Sendable, Codable, Equatable {
    package enum RecordType: String, Sendable, Codable, CaseIterable { case a = "A", aaaa = "AAAA" }
    package var name: String
    /// Absent: A.
    package var type: RecordType?
    /// `address` or `address:port`. Absent: the first name server of /etc/resolv.conf.
    package var server: String?
    /// At least one of these must be in the answer. Absent: any address will do.
    package var addresses: [String]?
    /// Absent: 1s.
    package var timeout: WrittenDuration?

    package init(name: String, type: RecordType? = nil, server: String? = nil, addresses: [String]? = nil) {
        self.name = name
        self.type = type
        self.server = server
        self.addresses = addresses
    }
}
