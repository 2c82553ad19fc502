// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel

/// Looks whether the topics and functions that reports go to are there, so that a name written wrong is not noticed
/// only when the reports are due. It reads and sends nothing.
///
/// One that is not there refuses the plan. One that may not be looked at, or could not be, is said and refuses nothing:
/// sending needs other permissions than looking, and a topic that is down now gets its reports later.
struct DestinationCheck: Sendable {
    /// The guard's name.
    static let name = "reportDestination"

    let aws: any AWSReaders

    /// One guard for each topic and function.
    func results(_ reports: [ReportSpec]) async -> [GuardResult] {
        var results: [GuardResult] = []
        for report in reports {
            switch report.destination {
            case .sns(let spec):
                results.append(
                    await result(of: "topic \(spec.topicArn)") { () async throws(AWSError) in try await look(at: spec) }
                )
            case .lambda(let spec):
                results.append(
                    await result(of: "function \(spec.function)") { () async throws(AWSError) in
                        try await look(at: spec)
                    })
            case .webhook, .file: break
            }
        }
        return results
    }

    private func look(at spec: SNSReportSpec) async throws(AWSError) -> String {
        let scope = AWSScope(region: ARNParts(spec.topicArn)?.region, assumeRole: spec.assumeRole)
        _ = try await aws.reader(for: scope).topics.find(TopicARN(rawValue: spec.topicArn))
        return "is there"
    }

    private func look(at spec: LambdaReportSpec) async throws(AWSError) -> String {
        let region = spec.function.hasPrefix("arn:") ? ARNParts(spec.function)?.region : spec.region
        let scope = AWSScope(region: region, assumeRole: spec.assumeRole)
        let state = try await aws.reader(for: scope).functions.state(of: LambdaFunctionName(rawValue: spec.function))
        return "is there" + (state.map { " (\($0))" } ?? "")
    }

    private func result(
        of what: String, _ look: () async throws(AWSError) -> String
    ) async -> GuardResult {
        do throws(AWSError) {
            return GuardResult(name: Self.name, passed: true, message: "\(what) \(try await look())")
        } catch {
            if error.code == .notFound {
                return GuardResult(name: Self.name, passed: false, message: "\(what) does not exist: \(error.message)")
            }
            return GuardResult(
                name: Self.name, passed: true, message: "warning: \(what) could not be looked at: \(error.message)")
        }
    }
}
