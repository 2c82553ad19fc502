// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TestSupport

/// An AWS over real HTTP that can stop and start a few instances and takes reports, and that keeps nothing of what it
/// is asked: here everything that grows is the controller's.
final class SmallCloud: Sendable {
    static let account = "123456789012"
    static let topic = "arn:aws:sns:eu-west-1:\(account):soak"
    static let teams = ["web", "api", "jobs", "mail"]

    private let server: RawServer
    private let figures: Figures

    private final class Figures: Sendable {
        let states = Mutex<[String: String]>([:])
        let calls = Mutex<[String: Int]>([:])
    }

    init() {
        let figures = Figures()
        for team in Self.teams {
            for number in 0..<3 { figures.states.withLock { $0["i-\(team)-\(number)"] = "running" } }
        }
        self.figures = figures
        server = RawServer(keepsRequests: false) { connection in
            while let raw = connection.readRequest() {
                let form = Self.form(raw)
                let isDry = form["DryRun"] == "true"
                let body = isDry ? Self.dryRun : Self.answer(form, figures)
                let status = isDry ? "412 Precondition Failed" : "200 OK"
                connection.write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
    }

    var url: String { server.url("") }

    func count(_ action: String) -> Int { figures.calls.withLock { $0[action] ?? 0 } }

    /// Those that do not run.
    var stopped: Int { figures.states.withLock { $0.values.count { $0 != "running" } } }

    private static let dryRun =
        "<Response><Errors><Error><Code>DryRunOperation</Code><Message>It would be done.</Message></Error></Errors>"
        + "</Response>"

    private static func answer(_ form: [String: String], _ figures: Figures) -> String {
        let action = form["Action"] ?? ""
        figures.calls.withLock { $0[action, default: 0] += 1 }
        let result: String
        switch action {
        case "GetCallerIdentity":
            result =
                "<GetCallerIdentityResult><Account>\(account)</Account><Arn>arn:aws:iam::\(account):user/ada</Arn>"
                + "<UserId>AIDA</UserId></GetCallerIdentityResult>"
        case "DescribeInstances": result = figures.states.withLock { instances($0, wanted: ids(form)) }
        case "StopInstances", "StartInstances":
            result = figures.states.withLock { change(&$0, ids(form), to: action == "StopInstances") }
        case "CreateTags", "RebootInstances": result = "<return>true</return>"
        case "DescribeAutoScalingGroups":
            result = "<DescribeAutoScalingGroupsResult><AutoScalingGroups/></DescribeAutoScalingGroupsResult>"
        case "DescribeTargetGroups":
            result = "<DescribeTargetGroupsResult><TargetGroups/></DescribeTargetGroupsResult>"
        case "GetTopicAttributes":
            result =
                "<GetTopicAttributesResult><Attributes><entry><key>TopicArn</key><value>\(topic)</value></entry>"
                + "</Attributes></GetTopicAttributesResult>"
        case "Publish": result = "<PublishResult><MessageId>m-1</MessageId></PublishResult>"
        default: result = "<\(action)Result/>"
        }
        return "<\(action)Response>\(result)</\(action)Response>"
    }

    /// The ids that a call names, as parameters or as a filter; empty for every instance.
    private static func ids(_ form: [String: String]) -> Set<String> {
        var found: Set<String> = []
        for number in 1...10 {
            if let id = form["InstanceId.\(number)"] { found.insert(id) }
            guard form["Filter.\(number).Name"] == "instance-id" else { continue }
            for value in 1...10 { if let id = form["Filter.\(number).Value.\(value)"] { found.insert(id) } }
        }
        return found
    }

    private static func instances(_ states: [String: String], wanted: Set<String>) -> String {
        let items = states.sorted { $0.key < $1.key }.filter { wanted.isEmpty || wanted.contains($0.key) }
            .map { id, state in
                let team = id.split(separator: "-")[1]
                return "<item><instanceId>\(id)</instanceId><instanceState><name>\(state)</name></instanceState>"
                    + "<launchTime>2026-02-01T08:00:00Z</launchTime>"
                    + "<placement><availabilityZone>eu-west-1a</availabilityZone></placement>"
                    + "<tagSet><item><key>app</key><value>\(team)</value></item>"
                    + "<item><key>rebound:opt-in</key><value>true</value></item></tagSet></item>"
            }
        return "<reservationSet><item><instancesSet>\(items.joined())</instancesSet></item></reservationSet>"
    }

    private static func change(_ states: inout [String: String], _ ids: Set<String>, to isStop: Bool) -> String {
        let items = ids.sorted().map { id in
            let before = states[id] ?? "terminated"
            states[id] = isStop ? "stopped" : "running"
            return "<item><instanceId>\(id)</instanceId>"
                + "<currentState><name>\(isStop ? "stopping" : "pending")</name></currentState>"
                + "<previousState><name>\(before)</name></previousState></item>"
        }
        return "<instancesSet>\(items.joined())</instancesSet>"
    }

    /// The parameters of a call; none that this cloud looks at is escaped.
    private static func form(_ raw: String) -> [String: String] {
        let body = raw.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        var form: [String: String] = [:]
        for pair in body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { form[String(parts[0])] = String(parts[1]) }
        }
        return form
    }
}
