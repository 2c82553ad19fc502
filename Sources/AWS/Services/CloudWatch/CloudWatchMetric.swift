// SPDX-License-Identifier: Apache-2.0

/// One coordinate of a metric.
package struct MetricDimension: Sendable, Hashable, Codable {
    package var name: String
    package var value: String

    /// A dimension of these.
    package init(name: String, value: String) { (self.name, self.value) = (name, value) }
}

/// One series, asked for under an id of the caller's (a lower-case letter first, unique in one request).
package struct MetricDataQuery: Sendable, Hashable, Codable {
    /// What the series is made of.
    package enum Source: Sendable, Hashable, Codable {
        /// A metric; `statistic` is `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, `p99`, … over each period.
        case metric(
            namespace: String, name: String, dimensions: [MetricDimension], periodSeconds: Int, statistic: String)
        /// Metric maths over other ids of the same request.
        case expression(String, periodSeconds: Int?)
    }

    package var id: String
    package var source: Source
    /// False for a series that only feeds an expression.
    package var returnsData: Bool

    /// A query of these.
    package init(id: String, source: Source, returnsData: Bool = true) {
        self.id = id
        self.source = source
        self.returnsData = returnsData
    }
}

/// How complete a series is.
package enum MetricDataStatus: AWSNamedValue {
    case complete, partialData, internalError, forbidden
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.complete, "Complete"), (.partialData, "PartialData"), (.internalError, "InternalError"),
        (.forbidden, "Forbidden"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// One value and the start of the period it is for.
package struct MetricPoint: Sendable, Hashable, Codable {
    package var time: AWSInstant
    package var value: Double

    /// Of these facts, as AWS would tell them.
    package init(time: AWSInstant, value: Double) {
        self.time = time
        self.value = value
    }
}

/// One series as it was found, over all pages, oldest point first.
package struct MetricSeries: Sendable, Hashable, Codable {
    package var id: String
    package var label: String?
    package var status: MetricDataStatus
    package var points: [MetricPoint]
    package var messages: [String]

    /// Of these facts, as AWS would tell them.
    package init(
        id: String, label: String? = nil, status: MetricDataStatus, points: [MetricPoint] = [], messages: [String] = []
    ) {
        self.id = id
        self.label = label
        self.status = status
        self.points = points
        self.messages = messages
    }
}

extension MetricSeries: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.required("Id")
        label = xml.text("Label")
        status = xml.named("StatusCode") ?? .complete
        messages = try xml.list("Messages", of: "member", MetricMessage.self).map(\.text)
        let times = xml.texts("Timestamps")
        let values = xml.texts("Values")
        guard times.count == values.count else {
            throw xml.fault("Values", "has \(values.count) values for \(times.count) times")
        }
        points = []
        points.reserveCapacity(times.count)
        for (time, value) in zip(times, values) {
            guard let time = AWSInstant(iso8601: time) else {
                throw xml.fault("Timestamps.member", "is not an ISO 8601 time: \(time.prefix(80).debugDescription)")
            }
            guard let value = Double(value) else {
                throw xml.fault("Values.member", "is not a number: \(value.prefix(80).debugDescription)")
            }
            points.append(MetricPoint(time: time, value: value))
        }
    }
}

private struct MetricMessage: XMLDecodable {
    var text: String

    init(xml: XMLElement) throws(XMLFault) {
        text = [xml.text("Code"), xml.text("Value")].compactMap(\.self).joined(separator: ": ")
    }
}

/// One measurement to be stored.
package struct MetricDatum: Sendable, Hashable, Codable {
    package var name: String
    package var dimensions: [MetricDimension]
    package var value: Double
    /// CloudWatch's word: `Seconds`, `Milliseconds`, `Percent`, `Count`, `None`, …
    package var unit: String
    /// Nil: when AWS gets it.
    package var time: AWSInstant?
    /// 1 keeps it by the second, 60 (or nil) by the minute.
    package var storageResolutionSeconds: Int?

    /// A measurement of these.
    package init(
        name: String, dimensions: [MetricDimension] = [], value: Double, unit: String, time: AWSInstant? = nil,
        storageResolutionSeconds: Int? = nil
    ) {
        self.name = name
        self.dimensions = dimensions
        self.value = value
        self.unit = unit
        self.time = time
        self.storageResolutionSeconds = storageResolutionSeconds
    }
}
