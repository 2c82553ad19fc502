// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import HTTPTransport
import Identity
import Logging
import SQLiteStore
import TestSupport

/// The real server on a free port, with the access of an `AccessWorld`, and clients with credentials.
struct AccessServer {
    let world: AccessWorld
    let port: Int
    private let client: HTTPClient

    /// Serves while the body runs.
    static func serve(_ world: AccessWorld, _ body: (AccessServer) async throws -> Void) async throws {
        let key = try PrivateKey.make(.p256)
        let now = StoreEnvironment.system.now()
        // The clients' own clock looks at this one, so it is of the machine's date and of an authority of its own.
        let authority = try CertificateAuthority.make(at: now)
        let leaf = try authority.serverCertificate(
            names: [ServerName("127.0.0.1")], key: key.publicKey, at: now, lifetime: .hours(24))
        try world.folder.write(try authority.trustPEM(), to: "server-ca.pem")
        let (identities, feed) = AsyncStream.makeStream(of: ServerIdentity.self)
        feed.yield(ServerIdentity(certificateChain: try leaf.pem(), privateKey: try key.pem()))
        let server = server(world, identities)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            guard let port = await server.boundPort else { throw TestToolFailure(command: "the server") }
            try await body(AccessServer(world: world, port: port, client: HTTPClient()))
            group.cancelAll()
        }
        feed.finish()
    }

    private static func server(_ world: AccessWorld, _ identities: AsyncStream<ServerIdentity>) -> APIServer {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let login = LoginService(
            access: world.access, options: .init(certificateLifetime: .hours(24), sessionLifetime: .days(30)))
        return APIServer(
            configuration: APIServerConfiguration(
                address: "127.0.0.1", port: 0, allowedHosts: [], certificates: identities, limits: APIServerLimits(),
                programVersion: "test"),
            store: world.store, access: world.access, login: login, runs: NoRunActions(),
            environment: APIEnvironment(
                now: { world.now }, random: { Double.random(in: 0..<1) },
                sleep: { try await ContinuousClock().sleep(for: $0) }, zones: .unchecked),
            metrics: { _ in MetricsPage(contentType: "text/plain", text: "up 1\n") }, readiness: { [] }, logger: logger)
    }

    /// What proves a client: a certificate with its key in files, a header, or nothing.
    struct Credential: Sendable {
        var name: String
        var certificate: String?
        var header: String?
    }

    /// A certificate as files, so that libcurl shows it.
    func files(_ name: String, groups: [String], by signer: CertificateAuthority, at date: Timestamp) throws
        -> Credential
    {
        let key = try PrivateKey.make(.p256)
        let leaf = try signer.clientCertificate(
            for: CertificateSubject(name: name, groups: groups), key: key.publicKey, at: date, lifetime: .hours(1))
        let file = "\(name)-\(leaf.serial.prefix(8)).pem"
        try world.folder.write(try leaf.pem() + key.pem(), to: file)
        return Credential(name: name, certificate: world.folder.file(file))
    }

    func send(
        _ method: String, _ path: String, _ credential: Credential, body: [UInt8] = [],
        type: String = "application/json"
    ) async throws -> HTTPTransport.HTTPResponse {
        let timeouts = HTTPTimeouts(connect: .seconds(30), total: .seconds(60))
        var request = HTTPRequest(
            method: method, url: "https://127.0.0.1:\(port)\(path)", body: body, timeouts: timeouts)
        request.tls.caFile = world.folder.file("server-ca.pem")
        request.tls.clientCertificateFile = credential.certificate
        request.tls.minimumVersion = .tls13
        if let header = credential.header {
            request.headers.append(HTTPHeader(name: "Authorization", value: header))
        }
        if !body.isEmpty { request.headers.append(HTTPHeader(name: "Content-Type", value: type)) }
        return try await client.send(request)
    }
}

/// Nothing is driven where only access is tried.
private struct NoRunActions: RunActions {
    private let reason = ActionError(.unavailable, "nothing is driven here", hint: "")

    func plan(experiment: String, namespace: String, seed: UInt64?) async throws(ActionError) -> PlanReport {
        throw reason
    }
    func start(experiment: String, namespace: String, _ request: RunRequest) async throws(ActionError) -> Run {
        throw reason
    }
    func abort(run: String, namespace: String, requestedBy: String, reason: String) async throws(ActionError) {
        throw self.reason
    }
    func approve(run: String, namespace: String, approvedBy: String, reason: String?) async throws(ActionError) {
        throw self.reason
    }
    func observations(
        run: String, namespace: String
    ) async throws(ActionError) -> AsyncThrowingStream<[UInt8], any Error> { throw reason }
    func report(run: String, namespace: String, format: ReportFormat) async throws(ActionError) -> String {
        throw reason
    }
    func halt(reason: String, requestedBy: String) async throws(ActionError) { throw self.reason }
    func resume(reason: String, requestedBy: String) async throws(ActionError) -> [String] { throw self.reason }
}
