// SPDX-License-Identifier: Apache-2.0

/// A value with secrets inside: whatever prints, dumps or reflects it sees only its `description`.
package protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["redacted": description]) }
}

extension AWSCredentials: Redacted {
    /// The source and the last four characters of the access key id: enough to tell two sets apart.
    package var description: String { "AWSCredentials(…\(accessKeyID.suffix(4)), from \(source))" }
}

extension AWSEnvironment: Redacted {
    package var description: String { "AWSEnvironment(\(variables.count) variables)" }
}

extension AWSCall: Redacted {
    package var description: String { "AWSCall(\(service.signingName) \(action))" }
}

extension AWSReply: Redacted {
    package var description: String {
        "AWSReply(status \(status), \(body.count) bytes, request \(requestID ?? "unknown"), attempts \(attempts))"
    }
}

extension SignableRequest: Redacted {
    package var description: String { "SignableRequest(\(method), \(body.count) bytes)" }
}

extension AWSProfile: Redacted {
    var description: String { "AWSProfile(\(name): \(values.keys.sorted().joined(separator: ", ")))" }
}

extension ConfigSection: Redacted {
    var description: String { "ConfigSection(\(heading.joined(separator: " ")))" }
}

extension SharedConfig: Redacted {
    var description: String { "SharedConfig(\(profiles.keys.sorted().joined(separator: ", ")))" }
}

extension KeyDocument: Redacted {
    var description: String { "KeyDocument(expires \(expiration ?? "never"))" }
}

extension SSOTokenCache: Redacted {
    var description: String { "SSOTokenCache(\(path))" }
}

extension ProcessOutput: Redacted {
    var description: String { "ProcessOutput(status \(exitStatus), \(bytes.count) bytes)" }
}

extension ProcessCredentials: Redacted {
    var description: String { "ProcessCredentials(\(profile.name))" }
}
