// SPDX-License-Identifier: Apache-2.0
import AWS
import Synchronization

/// A Security Token Service that gives each caller keys named after the role, and remembers who asked for what.
final class ScriptedSTS: Sendable {
    private let server: ScriptedHTTP

    /// `lifetime` seconds from the clock's time on.
    init(clock: ManualAWSClock, lifetime: Int64 = 3_600) {
        server = ScriptedHTTP { request, number in
            let role = request.form["RoleArn"] ?? ""
            let name = role.split(separator: "/").last ?? ""
            let action = request.form["Action"] ?? ""
            let isSigned = request.headers["authorization"] != nil
            guard isSigned == (action == "AssumeRole") else { return .answer(400, "<html>signed the wrong way</html>") }
            if role.hasSuffix("/forbidden") {
                let error = "<Error><Code>AccessDenied</Code><Message>may not assume</Message></Error>"
                return .answer(403, "<ErrorResponse>\(error)</ErrorResponse>")
            }
            let end = AWSInstant(seconds: clock.now().seconds + lifetime).iso8601
            return .answer(
                200,
                "<\(action)Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><\(action)Result>"
                    + "<Credentials><AccessKeyId>ASIA-\(name)-\(number)</AccessKeyId>"
                    + "<SecretAccessKey>SECRET-\(name)</SecretAccessKey><SessionToken>TOKEN-\(name)</SessionToken>"
                    + "<Expiration>\(end)</Expiration></Credentials><AssumedRoleUser>"
                    + "<Arn>arn:aws:sts::111122223333:assumed-role/\(name)/s</Arn></AssumedRoleUser>"
                    + "</\(action)Result></\(action)Response>")
        }
    }

    var url: String { server.url() }

    var requests: [ReceivedRequest] { server.requests }
}

extension ReceivedRequest {
    /// The fields of a form body, decoded.
    var form: [String: String] {
        body.split(separator: "&").reduce(into: [:]) { fields, pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[String(parts[0])] = parts.count > 1 ? Self.decoded(parts[1]) : ""
        }
    }

    /// The access key id of the signature.
    var signer: String? {
        headers["authorization"]?.split(separator: "Credential=").last?.split(separator: "/").first.map(String.init)
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
