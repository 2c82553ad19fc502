// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import FoundationEssentials
import HTTPTransport
import Identity
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

/// Every route that the server says it has, over real TLS, with every kind of bad credential.
@Suite("Every route wants a good credential")
struct AccessRouteTests {
    private struct OpenAPI: Decodable {
        struct Anything: Decodable {}
        var paths: [String: [String: Anything]]
    }

    private static let methods: Set<String> = ["get", "post", "put", "patch", "delete", "head", "options"]
    private static let others = [
        "GET /", "GET /version", "GET /metrics", "GET /api", "GET /apis", "GET /api/v1", "GET /apis/rebound.chaos",
        "GET /apis/rebound.chaos/v1", "GET /apis/authorization.k8s.io", "GET /apis/authorization.k8s.io/v1",
        "GET /openapi/v2", "GET /openapi/v3", "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "POST /apis/rebound.chaos/v1/halt",
        "POST /apis/rebound.chaos/v1/resume", "GET /apis/rebound.chaos/v1/audit", "POST /login",
        "GET /apis/rebound.chaos/v1/clock",
        "GET /apis/rebound.chaos/v1/credentials", "POST /apis/rebound.chaos/v1/credentials",
        "POST /apis/rebound.chaos/v1/credentials/revoke", "GET /nothing",
        "GET /debug/pprof/", "GET /../etc/passwd", "DELETE /", "TRACE /api",
    ]

    /// The routes that the server's own documents list, with names put in, and those that are in no document.
    private func routes(_ server: AccessServer, _ admin: AccessServer.Credential) async throws -> [String] {
        var routes = Self.others
        for path in ["/openapi/v3/api/v1", "/openapi/v3/apis/rebound.chaos/v1"] {
            let response = try await server.send("GET", path, admin)
            let document = try JSONDecoder().decode(OpenAPI.self, from: Data(response.body))
            routes.append("GET \(path)")
            for (path, operations) in document.paths {
                let filled = path.replacing("{namespace}", with: "shop").replacing("{name}", with: "a")
                routes += operations.keys.filter(Self.methods.contains).map { "\($0.uppercased()) \(filled)" }
            }
        }
        return routes.sorted()
    }

    private func badCredentials(_ server: AccessServer) async throws -> [AccessServer.Credential] {
        let world = server.world
        let admins = [FleetAccess.adminGroup]
        let stranger = try CertificateAuthority.make(at: world.now)
        let old = world.now.advanced(by: .zero - .days(2))
        let ended = try await world.token("ended", groups: admins, lifetime: .seconds(1))
        let revoked = try await world.token("revoked", groups: admins)
        _ = try await world.access.revoke(revoked.issued.id, by: "user:root", reason: "test")
        let once = try await world.token("once", groups: admins, kind: .oneLogin)
        world.setDate(on: .seconds(2))
        return [
            .init(name: "none"), .init(name: "wrong", header: "Bearer wrong"),
            .init(name: "unknown", header: "Bearer \(try AccessToken.make().text)"),
            .init(name: "basic", header: "Basic YWRtaW46YWRtaW4="),
            .init(name: "expired", header: "Bearer \(ended.text)"),
            .init(name: "revoked", header: "Bearer \(revoked.text)"),
            .init(name: "one-time", header: "Bearer \(once.text)"),
            try server.files("foreign", groups: admins, by: stranger, at: world.now),
            try server.files("late", groups: admins, by: world.authority, at: old),
        ]
    }

    @Test("none, wrong, expired, revoked, one-time and foreign credentials are answered with 401 on every route")
    func everyRoute() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let admin = try server.files(
                "admin", groups: [FleetAccess.adminGroup], by: world.authority, at: world.now)
            let routes = try await routes(server, admin)
            #expect(routes.count > 80)
            for credential in try await badCredentials(server) {
                for route in routes where !(credential.name == "one-time" && route == "POST /login") {
                    let parts = route.split(separator: " ").map(String.init)
                    let response = try await server.send(parts[0], parts[1], credential)
                    #expect(response.status == 401, "\(credential.name): \(route)")
                }
            }
            #expect(try await server.send("GET", "/version", admin).status == 200)
            for open in ["/healthz", "/readyz"] {
                #expect(try await server.send("GET", open, .init(name: "none")).status == 200)
            }
        }
        await world.close()
    }

    @Test("somebody without a role is answered with 403 wherever a role is needed")
    func withoutRole() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let nobody = try server.files("nobody", groups: ["nothing"], by: world.authority, at: world.now)
            let routes = try await routes(server, nobody)
            let open = [
                "GET /openapi", "GET /version", "GET /api", "GET /apis", "POST /apis/authorization", "POST /login",
                "GET /apis/rebound.chaos/v1/clock",
            ]
            var refused = 0
            for route in routes {
                let parts = route.split(separator: " ").map(String.init)
                let isOfResource =
                    parts[1].hasPrefix("/apis/rebound.chaos/v1/") || parts[1].hasPrefix("/api/v1/")
                    || parts[1] == "/metrics"
                guard isOfResource, !open.contains(route) else { continue }
                let response = try await server.send(parts[0], parts[1], nobody)
                #expect(response.status == 403, "\(route): \(String(decoding: response.body, as: UTF8.self))")
                refused += 1
            }
            #expect(refused > 60)
        }
        await world.close()
    }

    @Test("a login over the wire gives a certificate that is served, and a revocation ends it at once")
    func login() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let token = try await world.token("alice", groups: [FleetAccess.adminGroup], kind: .oneLogin)
            let exchange = try LoginExchange(token: token.text)
            let answer = try await server.send("POST", "/login", .init(name: "none"), body: exchange.body)
            #expect(answer.status == 201)
            let credential = try exchange.credential(from: answer.body, at: world.now)
            let file = try world.folder.write(credential.certificatePEM + credential.keyPEM, to: "alice.pem")
            let alice = AccessServer.Credential(name: "alice", certificate: file)
            let runs = "/apis/rebound.chaos/v1/namespaces/default/runs"
            #expect(try await server.send("GET", runs, alice).status == 200)
            #expect(try await server.send("POST", "/login", .init(name: "none"), body: exchange.body).status == 401)
            let renewing = try LoginExchange(token: nil)
            #expect(try await server.send("POST", "/login", alice, body: renewing.body).status == 201)
            _ = try await world.access.revokeAll(ofName: "alice", by: "user:root", reason: "left")
            #expect(try await server.send("GET", runs, alice).status == 401)
            #expect(try await server.send("POST", "/login", alice, body: renewing.body).status == 401)
        }
        await world.close()
    }

    @Test("a login with too much, with no JSON or no request is refused and leaves its token good")
    func badLogins() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let token = try await world.token("alice", kind: .oneLogin)
            let none = AccessServer.Credential(name: "none")
            for (body, status) in [
                ("", 401), ("{}", 401), ("[", 401), ("{\"certificateRequest\":\"x\"}", 401),
                ("{\"certificateRequest\":\"x\",\"token\":\"\(token.text)\"}", 400),
                ("{\"certificateRequest\":\"\(String(repeating: "x", count: 20_000))\"}", 413),
            ] {
                let answer = try await server.send("POST", "/login", none, body: Array(body.utf8))
                #expect(answer.status == status, "\(body.prefix(60))")
            }
            let exchange = try LoginExchange(token: token.text)
            #expect(try await server.send("POST", "/login", none, body: exchange.body).status == 201)
        }
        await world.close()
    }

    @Test("an admin makes a token, finds it in the list, and takes it back with all that came of it")
    func tokens() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let admin = try server.files(
                "admin", groups: [FleetAccess.adminGroup], by: world.authority, at: world.now)
            let path = "/apis/rebound.chaos/v1/credentials"
            let order = #"{"name":"ci","groups":["pipelines"],"lifetime":"24h","purpose":"nightly"}"#
            let made = try await server.send("POST", path, admin, body: Array(order.utf8))
            #expect(made.status == 201)
            let token = try JSONDecoder().decode(TokenAnswer.self, from: Data(made.body))
            let pipeline = AccessServer.Credential(name: "ci", header: "Bearer \(token.token)")
            #expect(try await server.send("GET", "/version", pipeline).status == 200)
            #expect(try await server.send("GET", path, pipeline).status == 403)
            let listed = String(decoding: try await server.send("GET", path, admin).body, as: UTF8.self)
            #expect(listed.contains(token.id) && listed.contains("nightly") && !listed.contains("ecret"))
            #expect(!listed.contains(token.token.suffix(43)))
            let exchange = try LoginExchange(token: token.token)
            #expect(try await server.send("POST", "/login", .init(name: "none"), body: exchange.body).status == 201)
            let wish = #"{"credential":"\#(token.id)","reason":"leaked"}"#
            let revoked = try await server.send("POST", path + "/revoke", admin, body: Array(wish.utf8))
            let answer = try JSONDecoder().decode(RevocationAnswer.self, from: Data(revoked.body))
            #expect(answer.revoked.count == 2 && answer.revoked.contains(token.id))
            #expect(try await server.send("GET", "/version", pipeline).status == 401)
            let trail = try await world.store.auditEntries(after: 0, limit: 100)
                .map { String(decoding: $0.record, as: UTF8.self) }
            #expect(trail.count { $0.contains("revokeCredential") && $0.contains("leaked") } == 2)
            #expect(trail.contains { $0.contains("issueCredential") && $0.contains("user:admin") })
            #expect(trail.contains { $0.contains("issueCredential") && $0.contains("user:ci") })
        }
        await world.close()
    }

    @Test("orders for credentials that say too little, too much or nonsense are refused, and say which field")
    func badOrders() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let admin = try server.files(
                "admin", groups: [FleetAccess.adminGroup], by: world.authority, at: world.now)
            let path = "/apis/rebound.chaos/v1/credentials"
            for (body, word, place) in [
                ("{}", "is missing", ""), (#"{"name":"ci","lifetime":"24h"}"#, "purpose", ""),
                (#"{"name":"ci","lifetime":"24h","purpose":""}"#, "purpose", ""),
                (#"{"name":"ci","lifetime":"forever","purpose":"x"}"#, "lifetime", ""),
                (#"{"name":"ci","lifetime":"9000h","purpose":"x"}"#, "366 days", ""),
                (#"{"name":"system:controller","lifetime":"1h","purpose":"x"}"#, "system:", ""),
                (#"{"name":"ci","lifetime":"1h","purpose":"x","admin":true}"#, "admin", ""),
                (#"{"name":"ci","lifetime":"1h","purpose":"x","groups":"ops"}"#, "groups", ""),
                (#"{"reason":"x"}"#, "either", "/revoke"), (#"{"name":"ci"}"#, "reason", "/revoke"),
                (#"{"name":"ci","credential":"token:ab","reason":"x"}"#, "either", "/revoke"),
                (#"{"credential":"token:'; DROP TABLE","reason":"x"}"#, "either", "/revoke"),
            ] {
                let answer = try await server.send("POST", path + place, admin, body: Array(body.utf8))
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 400 && text.contains(word), "\(body): \(text)")
            }
            #expect(try await world.store.credentials().isEmpty)
        }
        await world.close()
    }

    @Test("a revocation ends an open watch of curl at once, and its next request is refused")
    func openWatch() async throws {
        let world = try await AccessWorld()
        try await AccessServer.serve(world) { server in
            let admin = try server.files(
                "admin", groups: [FleetAccess.adminGroup], by: world.authority, at: world.now)
            let url = "https://127.0.0.1:\(server.port)/api/v1/namespaces"
            let options = [
                "--silent", "--no-buffer", "--fail", "--cacert", world.folder.file("server-ca.pem"), "--cert",
                admin.certificate ?? "",
            ]
            let (events, feed) = AsyncStream.makeStream(of: String.self)
            startTestThread {
                guard let curl = try? ChildProcess("/usr/bin/curl", options + [url + "?watch=1"]) else { return }
                while let line = curl.readLine() { feed.yield(line) }
                feed.finish()
            }
            var lines = events.makeAsyncIterator()
            #expect(await lines.next()?.contains("ADDED") == true)
            _ = try await world.access.revokeAll(ofName: "nobody", by: "user:root", reason: "another")
            let serial = try Certificate.read(
                pem: Array(world.folder.read(String(admin.certificate?.split(separator: "/").last ?? "")).utf8),
                name: "admin")[0].serial
            _ = try await world.access.revoke("certificate:\(serial)", by: "user:root", reason: "lost")
            #expect(await lines.next() == nil)
            #expect(try await server.send("GET", "/api/v1/namespaces", admin).status == 401)
        }
        await world.close()
    }
}
