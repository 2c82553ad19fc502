// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ControllerAPI

@Suite("Requests")
struct RequestTests {
    @Test(
        "a path means what it means in Kubernetes",
        arguments: [
            ("/apis/rebound.chaos/v1/namespaces/n/runs/r/abort", "runs", "n", "r", "abort"),
            ("/apis/rebound.chaos/v1/namespaces/n/runs/r/", "runs", "n", "r", nil),
            ("/apis/rebound.chaos/v1/namespaces/n/runs", "runs", "n", nil, nil),
            ("/apis/rebound.chaos/v1/runs?watch=1", "runs", nil, nil, nil),
            ("/apis/rebound.chaos/v1/policies/p/status", "policies", nil, "p", "status"),
            ("/api/v1/namespaces/n", "namespaces", nil, "n", nil), ("/api/v1/namespaces", "namespaces", nil, nil, nil),
            ("/api/v1/namespaces/n/events", "events", "n", nil, nil),
            ("/api/v1/namespaces/n/status", "namespaces", nil, "n", "status"),
            ("/apis/rebound.chaos/v1/namespaces/n%2Fm/runs", "runs", "n/m", nil, nil),
        ] as [(String, String, String?, String?, String?)])
    func paths(target: String, plural: String, namespace: String?, name: String?, subresource: String?) throws {
        let (path, _) = try API.parts(of: target)
        guard case .resource(let found)? = Route(path: path) else {
            Issue.record("no resource")
            return
        }
        #expect(found.resource.plural == plural)
        #expect([found.namespace, found.name, found.subresource] == [namespace, name, subresource])
    }

    @Test(
        "nothing is served at a path that means nothing",
        arguments: [
            "/apis/rebound.chaos/v2/runs", "/apis/rebound.chaos/v1/runs/r",
            "/apis/rebound.chaos/v1/namespaces/n/policies",
            "/apis/rebound.chaos/v1/namespaces/n/runs/r/nothing", "/apis/rebound.chaos/v1/namespaces/n/runs/r/abort/x",
            "/api/v1/pods", "/apis/apps/v1", "//", "/apis/rebound.chaos/v1/namespaces//runs", "/graphql",
        ])
    func noPath(target: String) throws {
        #expect(Route(path: try API.parts(of: target).0) == nil)
    }

    @Test(
        "the form of an answer is the first that is wanted and there is",
        arguments: [
            ("", .object), ("*/*", .object), ("application/json", .object),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io", .table),
            ("application/json;as=Table;v=v9;g=meta.k8s.io, application/json", .object),
            ("application/vnd.kubernetes.protobuf,application/json", .object),
            ("application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io", .table),
        ] as [(String, Acceptance.Form)])
    func forms(header: String, form: Acceptance.Form) throws {
        #expect(try Acceptance(header).form(of: [.table]) == form)
    }

    @Test(
        "a form that is not offered is not acceptable",
        arguments: ["application/xml", "text/*", "application/json;q=0"])
    func unacceptable(header: String) {
        let error = #expect(throws: StatusError.self) { try Acceptance(header).form(of: [.table]) }
        #expect(error?.code == 406)
    }

    @Test(
        "a page of another site reaches nothing",
        arguments: [
            ("127.0.0.1:7443", nil, nil, true), ("[::1]:7443", nil, nil, true), ("localhost", nil, nil, true),
            ("rebound.example:7443", "https://rebound.example:7443", "same-origin", true),
            ("REBOUND.example", nil, nil, true), ("evil.example", nil, nil, false), (nil, nil, nil, false),
            ("rebound.example", "https://evil.example", nil, false), ("rebound.example", "null", nil, false),
            ("rebound.example", "http://rebound.example", nil, false),
            ("rebound.example", nil, "cross-site", false), ("127.0.0.1.evil.example", nil, nil, false),
        ] as [(String?, String?, String?, Bool)])
    func browsers(authority: String?, origin: String?, site: String?, isLetIn: Bool) {
        let rules = BrowserRules(allowedHosts: ["rebound.example"])
        var refusal: StatusError?
        do throws(StatusError) {
            try rules.check(authority: authority, origin: origin, fetchSite: site)
        } catch {
            refusal = error
        }
        #expect((refusal == nil) == isLetIn)
        #expect(isLetIn || refusal?.code == 403)
    }

    @Test("broken escapes and texts that are not UTF-8 are refused", arguments: ["/a%", "/a%2", "/a%zz", "/%ff", "a"])
    func brokenPaths(target: String) {
        #expect(throws: StatusError.self) { try API.parts(of: target) }
    }

    @Test(
        "options of a list that do not go together are refused",
        arguments: [
            "resourceVersionMatch=Exact", "resourceVersion=0&resourceVersionMatch=Exact", "watch=1&sendInitialEvents=1",
            "resourceVersion=5&continue=x", "resourceVersion=-1", "limit=x", "watch=maybe", "sendInitialEvents=true",
            "watch=1&resourceVersion=5&resourceVersionMatch=NotOlderThan",
        ])
    func brokenOptions(query: String) throws {
        let query = try #require(QueryParameters(query))
        #expect(throws: StatusError.self) { try ListOptions(query, selectable: []) }
    }
}
