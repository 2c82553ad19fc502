// SPDX-License-Identifier: Apache-2.0

/// The outcome of a status check or of all of a kind together.
package enum EC2CheckStatus: AWSNamedValue {
    case ok, impaired, insufficientData, notApplicable, initializing, passed, failed
    case other(String)

    package static let known: [(value: Self, name: String)] = [
        (.ok, "ok"), (.impaired, "impaired"), (.insufficientData, "insufficient-data"),
        (.notApplicable, "not-applicable"), (.initializing, "initializing"), (.passed, "passed"), (.failed, "failed"),
    ]
    package var unknownName: String? { if case .other(let name) = self { name } else { nil } }
}

/// One check, `reachability` today, and since when it fails.
package struct EC2StatusCheck: Sendable, Hashable, Codable {
    package var name: String
    package var status: EC2CheckStatus
    package var impairedSince: AWSInstant?

    /// Of these facts, as AWS would tell them.
    package init(name: String, status: EC2CheckStatus, impairedSince: AWSInstant? = nil) {
        self.name = name
        self.status = status
        self.impairedSince = impairedSince
    }
}

/// All checks of one kind: of the host under the instance, or of the instance itself.
package struct EC2StatusSummary: Sendable, Hashable, Codable {
    package var status: EC2CheckStatus
    package var checks: [EC2StatusCheck]

    /// Of these facts, as AWS would tell them.
    package init(status: EC2CheckStatus, checks: [EC2StatusCheck] = []) {
        self.status = status
        self.checks = checks
    }
}

/// Something AWS has planned to do with an instance: `instance-retirement`, `system-reboot`, `instance-stop`.
package struct EC2ScheduledEvent: Sendable, Hashable, Codable {
    package var id: String?
    package var code: String
    package var summary: String?
    package var notBefore: AWSInstant?
    package var notAfter: AWSInstant?
    package var notBeforeDeadline: AWSInstant?

    /// Of these facts, as AWS would tell them.
    package init(
        id: String? = nil, code: String, summary: String? = nil, notBefore: AWSInstant? = nil,
        notAfter: AWSInstant? = nil, notBeforeDeadline: AWSInstant? = nil
    ) {
        self.id = id
        self.code = code
        self.summary = summary
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.notBeforeDeadline = notBeforeDeadline
    }
}

/// What DescribeInstanceStatus says about one instance.
package struct EC2InstanceStatus: Sendable, Hashable, Codable, Identifiable {
    package var id: EC2InstanceID
    package var availabilityZone: String?
    package var state: EC2InstanceState
    package var system: EC2StatusSummary
    package var instance: EC2StatusSummary
    /// Of the attached volumes; older endpoints do not tell it.
    package var attachedStorage: EC2StatusSummary?
    package var events: [EC2ScheduledEvent]

    /// Of these facts, as AWS would tell them.
    package init(
        id: EC2InstanceID, availabilityZone: String? = nil, state: EC2InstanceState, system: EC2StatusSummary,
        instance: EC2StatusSummary, attachedStorage: EC2StatusSummary? = nil, events: [EC2ScheduledEvent] = []
    ) {
        self.id = id
        self.availabilityZone = availabilityZone
        self.state = state
        self.system = system
        self.instance = instance
        self.attachedStorage = attachedStorage
        self.events = events
    }
}

extension EC2InstanceStatus: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = try xml.requiredIdentifier("instanceId")
        availabilityZone = xml.text("availabilityZone")
        state = try xml.requiredChild("instanceState").requiredNamed("name")
        system = try EC2StatusSummary(xml: xml.requiredChild("systemStatus"))
        instance = try EC2StatusSummary(xml: xml.requiredChild("instanceStatus"))
        attachedStorage = nil
        if let storage = xml.child("attachedEbsStatus") { attachedStorage = try EC2StatusSummary(xml: storage) }
        events = try xml.list("eventsSet", of: "item")
    }
}

extension EC2StatusSummary: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        status = try xml.requiredNamed("status")
        checks = try xml.list("details", of: "item")
    }
}

extension EC2StatusCheck: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        name = try xml.required("name")
        status = try xml.requiredNamed("status")
        impairedSince = try xml.time("impairedSince")
    }
}

extension EC2ScheduledEvent: XMLDecodable {
    init(xml: XMLElement) throws(XMLFault) {
        id = xml.text("instanceEventId")
        code = try xml.required("code")
        summary = xml.text("description")
        notBefore = try xml.time("notBefore")
        notAfter = try xml.time("notAfter")
        notBeforeDeadline = try xml.time("notBeforeDeadline")
    }
}
