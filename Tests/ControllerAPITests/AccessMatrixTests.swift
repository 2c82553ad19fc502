// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import Testing

/// The matrix role x verb x resource x scope, generated, against a second description of the roles that is written
/// without looking at the code of the first: words for what is allowed, everything else is not.
@Suite("Roles: the whole matrix")
struct AccessMatrixTests {
    static let readable = ["experiments", "runs", "injections", "schedules", "policies", "hosts", "namespaces"]
    static let collections = readable + ["rolebindings", "clusterrolebindings"]
    static let others = ["events", "metrics", "audit", "halt", "resume", "credentials", "secrets", "nonsense"]
    static let namespaced: Set<String> = ["experiments", "runs", "injections", "schedules", "rolebindings", "events"]
    static let verbs = [
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "abort", "approve", "plan",
        "run", "halt", "resume", "impersonate",
    ]
    static let subresources: [String?] = [
        nil, "status", "observations", "report", "abort", "approve", "plan", "run", "nonsense",
    ]
    static let reads = ["get", "list", "watch"]
    static let writes = ["create", "update", "patch", "delete", "deletecollection"]

    /// What each role but admin may do, each as `verb resource` or `verb resource/subresource`.
    static let allowed: [Role: Set<String>] = {
        func every(_ verbs: [String], _ resources: [String]) -> [String] {
            verbs.flatMap { verb in resources.map { "\(verb) \($0)" } }
        }
        let viewing =
            every(reads, readable + readable.map { "\($0)/status" })
            + every(reads, ["runs/observations", "runs/report", "metrics", "events"])
        let planning =
            every(writes, ["experiments"])
            + ["plan experiments", "create experiments/plan", "plan experiments/plan"]
        let approving = ["approve runs", "create runs/approve", "approve runs/approve"]
        let operating =
            every(writes, ["runs", "schedules"])
            + ["run experiments", "create experiments/run", "run experiments/run"]
            + ["abort runs", "create runs/abort", "abort runs/abort"]
            + ["halt halt", "create halt", "resume resume", "create resume"]
        let auditing = every(reads, ["audit"])
        return [
            .viewer: Set(viewing), .planner: Set(viewing + planning), .approver: Set(viewing + approving + auditing),
            .operator: Set(viewing + planning + operating + auditing), .agent: [],
        ]
    }()

    @Test(
        "every verb on every resource in every scope is allowed exactly as the roles are described",
        arguments: Role.allCases)
    func matrix(role: Role) {
        var (count, wrong) = (0, [String]())
        for verb in Self.verbs {
            for resource in Self.collections + Self.others {
                for subresource in Self.subresources {
                    for place in Place.allCases {
                        count += 1
                        let request = place.request(verb, resource, subresource)
                        let answer = RoleTable.allows(role, in: place.scope, request)
                        let expected = Self.isExpected(role, request, place)
                        if answer != expected { wrong.append("\(request) \(place): \(answer)") }
                    }
                }
            }
        }
        #expect(count == 15 * 17 * 9 * 7)
        #expect(wrong == [])
    }

    /// Where the grant holds and where the request is.
    enum Place: CaseIterable {
        case clusterForNamespace, clusterForEverything, clusterForName
        case namespaceForItself, namespaceForOther, namespaceForEverything, namespaceForNameOfItself

        var scope: GrantScope {
            switch self {
            case .clusterForNamespace, .clusterForEverything, .clusterForName: .cluster
            case .namespaceForItself, .namespaceForOther, .namespaceForEverything, .namespaceForNameOfItself:
                .namespace("shop")
            }
        }

        func request(_ verb: String, _ resource: String, _ subresource: String?) -> AccessRequest {
            let (namespace, name): (String?, String?) =
                switch self {
                case .clusterForNamespace, .namespaceForItself: ("shop", "a")
                case .namespaceForOther: ("other", "a")
                case .clusterForEverything, .namespaceForEverything: (nil, nil)
                case .clusterForName, .namespaceForNameOfItself: (nil, "shop")
                }
            return AccessRequest(
                verb: verb, resource: resource, subresource: subresource, namespace: namespace, name: name)
        }
    }

    private static func isExpected(_ role: Role, _ request: AccessRequest, _ place: Place) -> Bool {
        let words = request.verb + " " + request.resource + (request.subresource.map { "/\($0)" } ?? "")
        // Of what an admin does nothing is listed: he may do everything, but say what became of a fault.
        let isReport = request.subresource == "status" && !reads.contains(request.verb)
        let isInRole = role == .admin ? !isReport : allowed[role, default: []].contains(words)
        guard place.scope != .cluster else { return isInRole }
        if request.resource == "namespaces" {
            return place == .namespaceForNameOfItself && isInRole && words == "get namespaces"
        }
        return isInRole && place == .namespaceForItself && namespaced.contains(request.resource)
    }
}
