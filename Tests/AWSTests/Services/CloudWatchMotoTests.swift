// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("CloudWatch and STS against moto")
struct CloudWatchMotoTests {
    private func makeAlarm(_ name: String, _ client: AWSClient) async throws {
        try await client.set(
            .cloudWatch, "PutMetricAlarm",
            [
                "AlarmName": name, "MetricName": "Latency", "Namespace": "app", "Period": "60",
                "EvaluationPeriods": "1", "Threshold": "0.5", "ComparisonOperator": "GreaterThanThreshold",
                "Statistic": "Average",
            ])
    }

    @Test("an alarm's state is seen as it is set, and unknown names are left out")
    func alarms() async throws {
        let client = ServiceClients.client(region: "eu-west-1")
        let reader = CloudWatchReader(client: client)
        try await makeAlarm("slow & ü", client)
        #expect(try await reader.describeAlarms(["slow & ü", "nowhere"]).map(\.state) == [.ok])
        try await client.set(
            .cloudWatch, "SetAlarmState",
            ["AlarmName": "slow & ü", "StateValue": "ALARM", "StateReason": "it is <slow>"])
        let alarm = try #require(try await reader.describeAlarms(["slow & ü"]).first)
        #expect(alarm.state == .alarm)
        #expect(alarm.stateReason == "it is <slow>")
        #expect(alarm.metricName == "Latency")
    }

    @Test("more alarms than one call takes are all found")
    func manyAlarms() async throws {
        let client = ServiceClients.client(region: "eu-west-2")
        let names = (0..<130).map { AlarmName("alarm-\($0)") }
        for name in names { try await makeAlarm(name.rawValue, client) }
        #expect(Set(try await CloudWatchReader(client: client).describeAlarms(names).map(\.name)) == Set(names))
    }

    @Test("what is stored comes back, at its time, over the periods asked for")
    func metrics() async throws {
        let client = ServiceClients.client(region: "eu-west-3")
        let now = SystemAWSClock().now()
        let minute: Int64 = 60_000_000_000
        let start = AWSInstant(nanoseconds: now.nanoseconds / minute * minute - 10 * minute)
        let dimension = MetricDimension(name: "experiment", value: "Zürich")
        let data = [(0, 0.25), (0, 0.75), (3, 2.0)].map { (offset: Int64, value: Double) in
            MetricDatum(
                name: "Recovery", dimensions: [dimension], value: value, unit: "Seconds",
                time: AWSInstant(nanoseconds: start.nanoseconds + offset * minute))
        }
        try await CloudWatchActor(client: client).putMetricData(data, namespace: "Rebound")
        func query(_ id: String, _ statistic: String) -> MetricDataQuery {
            MetricDataQuery(
                id: id,
                source: .metric(
                    namespace: "Rebound", name: "Recovery", dimensions: [dimension], periodSeconds: 60,
                    statistic: statistic))
        }
        let end = AWSInstant(nanoseconds: start.nanoseconds + 5 * minute)
        let series = try await CloudWatchReader(client: client).getMetricData(
            [query("sum", "Sum"), query("most", "Maximum")], from: start, to: end)
        #expect(series.map(\.id) == ["sum", "most"])
        #expect(series.map(\.status) == [.complete, .complete])
        #expect(series.map { $0.points.map(\.value) } == [[1.0, 2.0], [0.75, 2.0]])
        #expect(series[0].points.map(\.time) == [data[0].time, data[2].time])
    }

    @Test("what CloudWatch would refuse is refused before it is sent")
    func refused() async throws {
        let client = ServiceClients.client(region: "eu-west-1", endpoint: "http://127.0.0.1:1")
        let actor = CloudWatchActor(client: client)
        let good = MetricDatum(name: "a", value: 1, unit: "Count")
        let bad = MetricDatum(name: "a", value: .nan, unit: "Count")
        for (data, namespace) in [([good], "AWS/EC2"), ([good], ""), ([good, bad], "Rebound")] {
            let error = try await #require(throws: AWSError.self) {
                try await actor.putMetricData(data, namespace: namespace)
            }
            #expect(error.code == .invalidRequest)
        }
        let error = try await #require(throws: AWSError.self) {
            try await CloudWatchReader(client: client).getMetricData(
                [], from: AWSInstant(seconds: 0), to: AWSInstant(seconds: 1))
        }
        #expect(error.code == .invalidRequest)
    }

    @Test("STS tells whose credentials these are")
    func identity() async throws {
        let identity = try await AWSReader(client: ServiceClients.client(region: "eu-west-1")).identity.callerIdentity()
        #expect(identity.account == "123456789012")
        #expect(identity.arn.hasPrefix("arn:aws:sts::123456789012:"))
    }

    @Test("a role's session is given for the form that the codec writes")
    func assumeRole() async throws {
        let client = ServiceClients.client(region: "eu-west-1")
        let form = STSProtocol.assumeRoleForm(
            roleARN: "arn:aws:iam::123456789012:role/chaos", sessionName: "rebound", externalID: "e & x",
            durationSeconds: 900)
        let call = AWSCall(service: .sts, action: "AssumeRole", payload: .form(form), effect: .idempotent)
        let session = try STSProtocol.parseAssumeRole(try await client.call(call))
        #expect(session.accessKeyID.hasPrefix("ASIA"))
        #expect(session.expiration > SystemAWSClock().now())
        #expect(session.assumedRoleARN?.hasSuffix("assumed-role/chaos/rebound") == true)
        let webForm = STSProtocol.assumeRoleWithWebIdentityForm(
            roleARN: "arn:aws:iam::123456789012:role/chaos", sessionName: "rebound", token: "token")
        let webCall = AWSCall(
            service: .sts, action: "AssumeRoleWithWebIdentity", payload: .form(webForm), effect: .idempotent)
        let web = try STSProtocol.parseAssumeRoleWithWebIdentity(try await client.call(webCall))
        #expect(!web.secretAccessKey.isEmpty)
    }
}
