// SPDX-License-Identifier: Apache-2.0

/// What an alarm says.
package enum AlarmState: AWSNamedValue {
    case ok, alarm, insufficientData
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.ok, "OK"), (.alarm, "ALARM"), (.insufficientData, "INSUFFICIENT_DATA"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// What DescribeAlarms says about one alarm, on a metric or composed of other alarms.
package struct CloudWatchAlarm: Sendable, Hashable, Codable {
    package var name: AlarmName
    package var arn: String?
    package var description: String?
    package var state: AlarmState
    package var stateReason: String?
    /// When the state or its reason last changed, by AWS's clock, in milliseconds.
    package var stateUpdated: AWSInstant?
    /// When the state last changed to another one; older endpoints do not tell it.
    package var stateTransitioned: AWSInstant?
    /// Absent for composite alarms and for alarms on expressions.
    package var namespace: String?
    package var metricName: String?
    package var periodSeconds: Int?
    package var evaluationPeriods: Int?
    package var threshold: Double?
    package var actionsEnabled: Bool

    /// Of these facts, as AWS would tell them.
    package init(
        name: AlarmName, arn: String? = nil, description: String? = nil, state: AlarmState, stateReason: String? = nil,
        stateUpdated: AWSInstant? = nil, stateTransitioned: AWSInstant? = nil, namespace: String? = nil,
        metricName: String? = nil, periodSeconds: Int? = nil, evaluationPeriods: Int? = nil, threshold: Double? = nil,
        actionsEnabled: Bool
    ) {
        self.name = name
        self.arn = arn
        self.description = description
        self.state = state
        self.stateReason = stateReason
        self.stateUpdated = stateUpdated
        self.stateTransitioned = stateTransitioned
        self.namespace = namespace
        self.metricName = metricName
        self.periodSeconds = periodSeconds
        self.evaluationPeriods = evaluationPeriods
        self.threshold = threshold
        self.actionsEnabled = actionsEnabled
    }
}

extension CloudWatchAlarm: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        name = try xml.requiredIdentifier("AlarmName")
        arn = xml.text("AlarmArn")
        description = xml.text("AlarmDescription")
        state = try xml.requiredNamed("StateValue")
        stateReason = xml.text("StateReason")
        stateUpdated = try xml.time("StateUpdatedTimestamp")
        stateTransitioned = try xml.time("StateTransitionedTimestamp")
        namespace = xml.text("Namespace")
        metricName = xml.text("MetricName")
        periodSeconds = try xml.int("Period")
        evaluationPeriods = try xml.int("EvaluationPeriods")
        threshold = try xml.double("Threshold")
        actionsEnabled = try xml.bool("ActionsEnabled") ?? true
    }
}
