// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TestSupport

/// A local AWS that answers at once, and notes when the first call to put each target back arrived.
final class Endpoint: Sendable {
    private let server: RawServer
    private let notes: Notes

    private final class Notes: Sendable {
        let arrivals = Mutex<[String: Int64]>([:])
        let looks = Mutex(0)
    }

    init() {
        let notes = Notes()
        self.notes = notes
        server = RawServer { connection in
            while let raw = connection.readRequest() {
                let body = Endpoint.answer(raw, notes)
                connection.write("HTTP/1.1 200 X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
    }

    var url: String { server.url("") }
    /// CLOCK_MONOTONIC nanoseconds of each target's first call.
    var arrivals: [String: Int64] { notes.arrivals.withLock { $0 } }
    /// Looks at target groups so far: those of the watchers of runs.
    var looks: Int { notes.looks.withLock { $0 } }

    func forget() { notes.arrivals.withLock { $0 = [:] } }

    private static func answer(_ raw: String, _ notes: Notes) -> String {
        let form = raw.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""
        let action = value("Action", in: form)
        switch action {
        case "RegisterTargets":
            let target = value("Targets.member.1.Id", in: form)
            let now = monotonicNow()
            notes.arrivals.withLock { $0[target] = $0[target] ?? now }
            return "<RegisterTargetsResponse><RegisterTargetsResult/></RegisterTargetsResponse>"
        case "GetCallerIdentity":
            return "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
                + "<Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>AIDA</UserId></GetCallerIdentityResult>"
                + "</GetCallerIdentityResponse>"
        case "DescribeTargetHealth":
            notes.looks.withLock { $0 += 1 }
            return "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions/>"
                + "</DescribeTargetHealthResult></DescribeTargetHealthResponse>"
        case "DescribeInstances":
            return "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"
        default:
            return "<\(action)Response><\(action)Result/></\(action)Response>"
        }
    }

    private static func value(_ name: String, in form: Substring) -> String {
        for pair in form.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(pair.dropFirst(name.count + 1))
        }
        return ""
    }
}

func monotonicNow() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
