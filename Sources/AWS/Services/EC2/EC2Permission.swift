// SPDX-License-Identifier: Apache-2.0

/// What EC2 says to a call made with DryRun: it is checked and not done.
package enum EC2Permission: Sendable {
    /// The call would have been made.
    case allowed
    /// The credentials may not make it (`UnauthorizedOperation`).
    case denied(AWSError)
    /// The credentials may, the call would fail: an id that is unknown, an instance that is protected or in a state
    /// that does not allow it. EC2 does not look at everything in a dry run: `allowed` is no promise.
    case wouldFail(AWSError)

    /// True only for `allowed`.
    package var isAllowed: Bool { if case .allowed = self { true } else { false } }
}

/// The acting calls asked for with DryRun. They change nothing, which is why they are the reader's.
extension EC2Reader {
    /// Whether these instances could be terminated. Throws when there is no answer to that: network, throttling,
    /// credentials.
    package func canTerminate(_ ids: [EC2InstanceID]) async throws(AWSError) -> EC2Permission {
        try await ask("TerminateInstances", EC2Requests.terminate(ids))
    }

    /// Whether these instances could be stopped. Throws when there is no answer to that.
    package func canStop(_ ids: [EC2InstanceID], force: Bool) async throws(AWSError) -> EC2Permission {
        try await ask("StopInstances", EC2Requests.stop(ids, force: force))
    }

    /// Whether these instances could be started. Throws when there is no answer to that.
    package func canStart(_ ids: [EC2InstanceID]) async throws(AWSError) -> EC2Permission {
        try await ask("StartInstances", EC2Requests.start(ids))
    }

    /// Whether these instances could be rebooted. Throws when there is no answer to that.
    package func canReboot(_ ids: [EC2InstanceID]) async throws(AWSError) -> EC2Permission {
        try await ask("RebootInstances", EC2Requests.reboot(ids))
    }

    /// Whether these instances could be given these tags. Throws when there is no answer to that.
    package func canCreateTags(
        _ tags: [AWSTag], on ids: [EC2InstanceID]
    ) async throws(AWSError) -> EC2Permission {
        try await ask("CreateTags", EC2Requests.createTags(tags, on: ids))
    }

    private func ask(_ action: String, _ form: QueryForm) async throws(AWSError) -> EC2Permission {
        var form = form
        form.add("DryRun", true)
        let reply: AWSReply
        do throws(AWSError) {
            reply = try await client.call(.read(.ec2, action, form))
        } catch {
            switch error.code {
            case .dryRunWouldSucceed: return .allowed
            case .accessDenied: return .denied(error)
            case .notFound, .invalidRequest, .conflict: return .wouldFail(error)
            default: throw error
            }
        }
        throw Self.ignoredDryRun(action, reply)
    }

    /// A dry run is always answered with an error; a 200 means that the endpoint did what it was only asked about.
    private static func ignoredDryRun(_ action: String, _ reply: AWSReply) -> AWSError {
        AWSError(
            code: .malformedReply, awsCode: nil,
            message: "\(action) with DryRun was answered as done: the endpoint does not know dry runs",
            hint: "Look at the instances now, and do not use this endpoint for dry runs.",
            service: AWSService.ec2.signingName,
            action: action, requestID: reply.requestID, httpStatus: reply.status, mayHaveActed: true, cause: nil)
    }
}
