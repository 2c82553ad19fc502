// SPDX-License-Identifier: Apache-2.0

/// Where events of a run are sent, and which.
package struct ReportSpec: Sendable, Equatable {
    package var destination: ReportDestination
    /// Absent: every event.
    package var events: [ReportEventKind]?
    /// When true, nothing is injected unless the `aboutToInject` event was delivered here. Absent: false.
    package var requiredBeforeInjecting: Bool?

    package init(
        destination: ReportDestination, events: [ReportEventKind]? = nil, requiredBeforeInjecting: Bool? = nil
    ) {
        self.destination = destination
        self.events = events
        self.requiredBeforeInjecting = requiredBeforeInjecting
    }
}

/// In a manifest the case is the key: `sns: { topicArn: … }`.
package enum ReportDestination: Sendable, Equatable {
    case sns(SNSReportSpec)
    case lambda(LambdaReportSpec)
    case webhook(WebhookReportSpec)
    case file(FileReportSpec)
}

/// The moments that are reported.
package enum ReportEventKind: String, Sendable, Codable, CaseIterable {
    case planned, aboutToInject, injected, recovered, verdict, abort, undoFailed
}

/// An SNS topic. The region is the ARN's; a FIFO topic (name ends in .fifo) gets the run as message group.
package struct SNSReportSpec: Sendable, Codable, Equatable {
    package var topicArn: String
    package var assumeRole: AssumeRoleSpec?

    package init(topicArn: String, assumeRole: AssumeRoleSpec? = nil) {
        self.topicArn = topicArn
        self.assumeRole = assumeRole
    }
}

/// A Lambda function, by name or ARN.
package struct LambdaReportSpec: Sendable, Codable, Equatable {
    package enum Invocation: String, Sendable, Codable, CaseIterable { case requestResponse, event }
    package var function: String
    /// Absent: requestResponse, so that a failing function is seen and tried again.
    package var invocation: Invocation?
    package var region: String?
    package var assumeRole: AssumeRoleSpec?

    package init(
        function: String, invocation: Invocation? = nil, region: String? = nil, assumeRole: AssumeRoleSpec? = nil
    ) {
        self.function = function
        self.invocation = invocation
        self.region = region
        self.assumeRole = assumeRole
    }
}

/// A URL that gets each event as a POST, signed with HMAC-SHA256 in the header `Rebound-Signature`.
package struct WebhookReportSpec: Sendable, Codable, Equatable {
    package var url: String
    /// Where the shared secret is read from, never the secret itself.
    package var secret: SecretSource

    package init(url: String, secret: SecretSource) {
        self.url = url
        self.secret = secret
    }
}

/// Exactly one of the two: a file, or an environment variable of the controller.
package struct SecretSource: Sendable, Codable, Equatable {
    package var file: String?
    package var environment: String?

    package init(file: String? = nil, environment: String? = nil) {
        self.file = file
        self.environment = environment
    }
}

/// Appends each event as one JSON line.
package struct FileReportSpec: Sendable, Codable, Equatable {
    package var path: String

    package init(path: String) { self.path = path }
}
