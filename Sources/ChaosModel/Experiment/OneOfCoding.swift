// SPDX-License-Identifier: Apache-2.0

/// Any JSON key, for values whose key says which case they are.
struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<AnyKey> {
    /// The one of `names` that is present. Manifests were checked before; this guards what a store gives back.
    func onlyKey(of names: [String]) throws -> AnyKey {
        let present = names.filter { contains(AnyKey($0)) }
        guard present.count == 1 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath, debugDescription: "exactly one of \(names.joined(separator: ", ")) expected"
                ))
        }
        return AnyKey(present[0])
    }
}

extension ProbeKind {
    /// The manifest keys, one for each case.
    package static let keys = [
        "http", "tcp", "dns", "autoScalingGroup", "targetGroup", "instanceState", "cloudWatchAlarm", "cloudWatchMetric",
    ]

    init(in container: KeyedDecodingContainer<AnyKey>, key: AnyKey) throws {
        switch key.stringValue {
        case "http": self = .http(try container.decode(HTTPProbeSpec.self, forKey: key))
        case "tcp": self = .tcp(try container.decode(TCPProbeSpec.self, forKey: key))
        case "dns": self = .dns(try container.decode(DNSProbeSpec.self, forKey: key))
        case "autoScalingGroup":
            self = .autoScalingGroup(try container.decode(AutoScalingGroupProbeSpec.self, forKey: key))
        case "targetGroup": self = .targetGroup(try container.decode(TargetGroupProbeSpec.self, forKey: key))
        case "instanceState": self = .instanceState(try container.decode(InstanceStateProbeSpec.self, forKey: key))
        case "cloudWatchAlarm":
            self = .cloudWatchAlarm(try container.decode(CloudWatchAlarmProbeSpec.self, forKey: key))
        default: self = .cloudWatchMetric(try container.decode(CloudWatchMetricProbeSpec.self, forKey: key))
        }
    }

    func encode(to container: inout KeyedEncodingContainer<AnyKey>) throws {
        switch self {
        case .http(let spec): try container.encode(spec, forKey: AnyKey("http"))
        case .tcp(let spec): try container.encode(spec, forKey: AnyKey("tcp"))
        case .dns(let spec): try container.encode(spec, forKey: AnyKey("dns"))
        case .autoScalingGroup(let spec): try container.encode(spec, forKey: AnyKey("autoScalingGroup"))
        case .targetGroup(let spec): try container.encode(spec, forKey: AnyKey("targetGroup"))
        case .instanceState(let spec): try container.encode(spec, forKey: AnyKey("instanceState"))
        case .cloudWatchAlarm(let spec): try container.encode(spec, forKey: AnyKey("cloudWatchAlarm"))
        case .cloudWatchMetric(let spec): try container.encode(spec, forKey: AnyKey("cloudWatchMetric"))
        }
    }
}

extension ProbeSpec: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        name = try container.decode(String.self, forKey: AnyKey("name"))
        kind = try ProbeKind(in: container, key: container.onlyKey(of: ProbeKind.keys))
        every = try container.decodeIfPresent(WrittenDuration.self, forKey: AnyKey("every"))
        failureThreshold = try container.decodeIfPresent(Int.self, forKey: AnyKey("failureThreshold"))
        successThreshold = try container.decodeIfPresent(Int.self, forKey: AnyKey("successThreshold"))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try container.encode(name, forKey: AnyKey("name"))
        try kind.encode(to: &container)
        try container.encodeIfPresent(every, forKey: AnyKey("every"))
        try container.encodeIfPresent(failureThreshold, forKey: AnyKey("failureThreshold"))
        try container.encodeIfPresent(successThreshold, forKey: AnyKey("successThreshold"))
    }
}

extension GateSpec: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        name = try container.decode(String.self, forKey: AnyKey("name"))
        let key = try container.onlyKey(of: ProbeKind.keys + ["file"])
        condition =
            key.stringValue == "file"
            ? .file(try container.decode(FileGate.self, forKey: key)) : .probe(try ProbeKind(in: container, key: key))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try container.encode(name, forKey: AnyKey("name"))
        switch condition {
        case .probe(let kind): try kind.encode(to: &container)
        case .file(let gate): try container.encode(gate, forKey: AnyKey("file"))
        }
    }
}

extension ReportSpec: Codable {
    /// The manifest keys, one for each destination.
    package static let keys = ["sns", "lambda", "webhook", "file"]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        let key = try container.onlyKey(of: Self.keys)
        switch key.stringValue {
        case "sns": destination = .sns(try container.decode(SNSReportSpec.self, forKey: key))
        case "lambda": destination = .lambda(try container.decode(LambdaReportSpec.self, forKey: key))
        case "webhook": destination = .webhook(try container.decode(WebhookReportSpec.self, forKey: key))
        default: destination = .file(try container.decode(FileReportSpec.self, forKey: key))
        }
        events = try container.decodeIfPresent([ReportEventKind].self, forKey: AnyKey("events"))
        requiredBeforeInjecting = try container.decodeIfPresent(Bool.self, forKey: AnyKey("requiredBeforeInjecting"))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        switch destination {
        case .sns(let spec): try container.encode(spec, forKey: AnyKey("sns"))
        case .lambda(let spec): try container.encode(spec, forKey: AnyKey("lambda"))
        case .webhook(let spec): try container.encode(spec, forKey: AnyKey("webhook"))
        case .file(let spec): try container.encode(spec, forKey: AnyKey("file"))
        }
        try container.encodeIfPresent(events, forKey: AnyKey("events"))
        try container.encodeIfPresent(requiredBeforeInjecting, forKey: AnyKey("requiredBeforeInjecting"))
    }
}
