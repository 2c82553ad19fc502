// SPDX-License-Identifier: Apache-2.0

/// How far an activity of a group has come.
package enum ScalingActivityStatus: AWSNamedValue {
    case pendingSpotBidPlacement, waitingForSpotInstanceRequestID, waitingForSpotInstanceID, waitingForInstanceID
    case preInService, inProgress, waitingForELBConnectionDraining, midLifecycleAction, waitingForInstanceWarmup
    case successful, failed, cancelled, waitingForConnectionDraining, waitingForInPlaceUpdateToStart
    case waitingForInPlaceUpdateToFinalize, inPlaceUpdateInProgress
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.successful, "Successful"), (.inProgress, "InProgress"), (.failed, "Failed"), (.cancelled, "Cancelled"),
        (.preInService, "PreInService"), (.pendingSpotBidPlacement, "PendingSpotBidPlacement"),
        (.waitingForSpotInstanceRequestID, "WaitingForSpotInstanceRequestId"),
        (.waitingForSpotInstanceID, "WaitingForSpotInstanceId"), (.waitingForInstanceID, "WaitingForInstanceId"),
        (.waitingForELBConnectionDraining, "WaitingForELBConnectionDraining"),
        (.midLifecycleAction, "MidLifecycleAction"), (.waitingForInstanceWarmup, "WaitingForInstanceWarmup"),
        (.waitingForConnectionDraining, "WaitingForConnectionDraining"),
        (.waitingForInPlaceUpdateToStart, "WaitingForInPlaceUpdateToStart"),
        (.waitingForInPlaceUpdateToFinalize, "WaitingForInPlaceUpdateToFinalize"),
        (.inPlaceUpdateInProgress, "InPlaceUpdateInProgress"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }

    /// Nothing more will happen to it.
    package var isOver: Bool { self == .successful || self == .failed || self == .cancelled }
}

/// One thing a group did: `Launching a new EC2 instance: i-…`, `Terminating EC2 instance: i-…`.
package struct ScalingActivity: Sendable, Hashable, Codable, Identifiable {
    package var id: String
    package var group: AutoScalingGroupName
    package var description: String?
    /// Why, as a sentence with the times in it: `At 2026-11-24T05:42:42Z an instance was taken out of service in
    /// response to an EC2 health check indicating it has been terminated or stopped.`
    package var cause: String
    /// When the group began it, by AWS's clock.
    package var started: AWSInstant
    /// When it was over; nil while it is under way.
    package var ended: AWSInstant?
    package var status: ScalingActivityStatus
    package var statusMessage: String?
    /// Percent, 0 to 100.
    package var progressPercent: Int?
    /// JSON with subnet and zone.
    package var details: String?

    /// Of these facts, as AWS would tell them.
    package init(
        id: String, group: AutoScalingGroupName, description: String? = nil, cause: String, started: AWSInstant,
        ended: AWSInstant? = nil, status: ScalingActivityStatus, statusMessage: String? = nil,
        progressPercent: Int? = nil, details: String? = nil
    ) {
        self.id = id
        self.group = group
        self.description = description
        self.cause = cause
        self.started = started
        self.ended = ended
        self.status = status
        self.statusMessage = statusMessage
        self.progressPercent = progressPercent
        self.details = details
    }

    /// The instance it is about, taken from the description, the only place where AWS names it.
    package var instance: EC2InstanceID? {
        guard let description else { return nil }
        for word in description.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "-") })
        where word.hasPrefix("i-") && word.count > 2 {
            return EC2InstanceID(String(word))
        }
        return nil
    }
}

extension ScalingActivity: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.required("ActivityId")
        group = try xml.requiredIdentifier("AutoScalingGroupName")
        description = xml.text("Description")
        cause = xml.text("Cause") ?? ""
        started = try xml.requiredTime("StartTime")
        ended = try xml.time("EndTime")
        status = try xml.requiredNamed("StatusCode")
        statusMessage = xml.text("StatusMessage")
        progressPercent = try xml.int("Progress")
        details = xml.text("Details")
    }
}

/// A rule by which a group changes its size.
package struct ScalingPolicy: Sendable, Hashable, Codable {
    package var name: String
    package var arn: String?
    package var group: AutoScalingGroupName
    /// `SimpleScaling`, `StepScaling`, `TargetTrackingScaling`, `PredictiveScaling`.
    package var type: String?
    package var adjustmentType: String?
    package var scalingAdjustment: Int?
    /// A policy that is switched off is kept and does nothing.
    package var isEnabled: Bool
    /// What target tracking holds to, in the metric's unit.
    package var targetValue: Double?
    /// The alarms that set it off.
    package var alarms: [AlarmName]

    /// Of these facts, as AWS would tell them.
    package init(
        name: String, arn: String? = nil, group: AutoScalingGroupName, type: String? = nil,
        adjustmentType: String? = nil, scalingAdjustment: Int? = nil, isEnabled: Bool, targetValue: Double? = nil,
        alarms: [AlarmName] = []
    ) {
        self.name = name
        self.arn = arn
        self.group = group
        self.type = type
        self.adjustmentType = adjustmentType
        self.scalingAdjustment = scalingAdjustment
        self.isEnabled = isEnabled
        self.targetValue = targetValue
        self.alarms = alarms
    }
}

extension ScalingPolicy: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        name = try xml.required("PolicyName")
        arn = xml.text("PolicyARN")
        group = try xml.requiredIdentifier("AutoScalingGroupName")
        type = xml.text("PolicyType")
        adjustmentType = xml.text("AdjustmentType")
        scalingAdjustment = try xml.int("ScalingAdjustment")
        isEnabled = try xml.bool("Enabled") ?? true
        targetValue = try xml.child("TargetTrackingConfiguration")?.double("TargetValue")
        alarms = try xml.list("Alarms", of: "member", AlarmReference.self).map(\.name)
    }
}

private struct AlarmReference: XMLDecodable {
    var name: AlarmName

    init(xml: XMLElement) throws(XMLFault) { name = try xml.requiredIdentifier("AlarmName") }
}
