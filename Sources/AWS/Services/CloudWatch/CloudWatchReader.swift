// SPDX-License-Identifier: Apache-2.0

/// The half of CloudWatch that changes nothing.
package struct CloudWatchReader: Sendable {
    let client: AWSClient

    /// Reads with this client's account and region.
    package init(client: AWSClient) { self.client = client }

    /// The alarms of these names, on metrics and composite ones; AWS leaves out names it does not know, so compare. No
    /// names, no call, no alarms. Asks for 100 at a time, the most AWS takes.
    package func describeAlarms(_ names: [AlarmName]) async throws(AWSError) -> [CloudWatchAlarm] {
        var all: [CloudWatchAlarm] = []
        for piece in names.pieces(of: 100) {
            var form = QueryForm()
            form.add(list: "AlarmNames.member", piece.map(\.rawValue))
            // Without the kinds, AWS answers alarms on metrics only.
            form.add(list: "AlarmTypes.member", ["MetricAlarm", "CompositeAlarm"])
            form.add("MaxRecords", 100)
            let call = AWSCall.read(.cloudWatch, "DescribeAlarms", form)
            try await client.eachPage(of: call, tokenParameter: "NextToken") { (call, reply) throws(AWSError) in
                let page: AlarmPage = try reply.value(
                    of: call, root: "DescribeAlarmsResponse", at: ["DescribeAlarmsResult"])
                all += page.alarms
                return page.nextToken
            }
        }
        return all
    }

    /// The values of these series between two instants (`end` excluded), each series whole and oldest first. A series
    /// whose status is not `.complete` after the last page says so: treat what is missing as unknown. At most 500
    /// series in one call (AWS).
    package func getMetricData(
        _ queries: [MetricDataQuery], from start: AWSInstant, to end: AWSInstant
    ) async throws(AWSError) -> [MetricSeries] {
        guard !queries.isEmpty, queries.count <= 500, Set(queries.map(\.id)).count == queries.count, start < end else {
            throw .invalid(
                .cloudWatch, "GetMetricData", "\(queries.count) series from \(start) to \(end)",
                hint: "Ask for 1 to 500 series with different ids, from an instant to a later one.")
        }
        var form = QueryForm()
        for (index, query) in queries.enumerated() { form.add(query, at: "MetricDataQueries.member.\(index + 1)") }
        form.add("StartTime", start)
        form.add("EndTime", end)
        form.add("ScanBy", "TimestampAscending")
        let pieces: [MetricSeries] = try await client.everyPage(
            of: .read(.cloudWatch, "GetMetricData", form), Self.metricData)
        return Self.joined(pieces)
    }

    /// A series may go on over pages: its points are put together, the last page's status and label hold.
    private static func joined(_ pieces: [MetricSeries]) -> [MetricSeries] {
        var places: [String: Int] = [:]
        var joined: [MetricSeries] = []
        for piece in pieces {
            guard let place = places[piece.id] else {
                places[piece.id] = joined.count
                joined.append(piece)
                continue
            }
            joined[place].points += piece.points
            joined[place].messages += piece.messages
            joined[place].status = piece.status
            joined[place].label = piece.label ?? joined[place].label
        }
        for place in joined.indices { joined[place].points.sort { $0.time < $1.time } }
        return joined
    }

    static let metricData = ReplyShape(
        root: "GetMetricDataResponse", list: ["GetMetricDataResult", "MetricDataResults"], token: "NextToken")
}

/// The two lists of DescribeAlarms. A kind of which there are none may be left out.
struct AlarmPage: XMLDecodable {
    var alarms: [CloudWatchAlarm]
    var nextToken: String?

    init(xml: XMLElement) throws(XMLFault) {
        alarms = try xml.list("MetricAlarms") + xml.list("CompositeAlarms")
        nextToken = xml.text("NextToken")
    }
}

extension QueryForm {
    /// Adds dimensions as `prefix.member.N`.
    mutating func add(_ dimensions: [MetricDimension], at prefix: String) {
        for (index, dimension) in dimensions.enumerated() {
            add("\(prefix).member.\(index + 1).Name", dimension.name)
            add("\(prefix).member.\(index + 1).Value", dimension.value)
        }
    }

    fileprivate mutating func add(_ query: MetricDataQuery, at prefix: String) {
        add("\(prefix).Id", query.id)
        switch query.source {
        case .metric(let namespace, let name, let dimensions, let periodSeconds, let statistic):
            add("\(prefix).MetricStat.Metric.Namespace", namespace)
            add("\(prefix).MetricStat.Metric.MetricName", name)
            add(dimensions, at: "\(prefix).MetricStat.Metric.Dimensions")
            add("\(prefix).MetricStat.Period", periodSeconds)
            add("\(prefix).MetricStat.Stat", statistic)
        case .expression(let expression, let periodSeconds):
            add("\(prefix).Expression", expression)
            add("\(prefix).Period", periodSeconds)
        }
        add("\(prefix).ReturnData", query.returnsData)
    }
}
