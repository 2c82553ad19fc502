// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import HTTPTransport
import ResourceClient
import TestSupport
import Testing

@Suite("Connections")
struct ConnectionTests {
    private func connection(
        _ server: String, _ credentials: ServerConnection.Credentials = .none
    ) throws -> ServerConnection {
        try ServerConnection(
            server: server, credentials: credentials, timeouts: patience, watchSilence: .seconds(900))
    }

    @Test(
        "a credential is not sent in the clear, except to this machine",
        arguments: [
            ("http://rebound.example", false), ("http://10.0.0.1:80", false), ("http://127.0.0.1.example:1", false),
            ("http://[2001:db8::1]:1", false), ("http://localhost.example", false), ("https://rebound.example", true),
            ("http://127.0.0.1:1", true), ("http://127.9.9.9", true), ("http://localhost:1/x", true),
            ("http://[::1]:1", true), ("ftp://127.0.0.1", false), ("rebound.example", false),
            ("https://rebound.example/?x=y", false),
        ])
    func clear(server: String, isAllowed: Bool) {
        let isAccepted = (try? connection(server, .token(BearerToken("secret")))) != nil
        #expect(isAccepted == isAllowed)
    }

    @Test("a token is sent, read anew from its file each time, and shows nowhere")
    func token() async throws {
        let path = "/tmp/rebound-token-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(path) }
        func write(_ text: String) {
            let file = fopen(path, "w")
            fputs(text, file)
            fclose(file)
        }
        write("word-one\n")
        let server = ScriptedServer(["GET /healthz": [Answer(200)]])
        let token = BearerToken(file: path)
        let client = try ResourceClient.testing(server.address, credentials: .token(token))
        _ = try await client.send("GET", ResourcePath("healthz"))
        write("word-two")
        _ = try await client.send("GET", ResourcePath("healthz"))
        #expect(server.requests[0].contains("Authorization: Bearer word-one\r\n"))
        #expect(server.requests[1].contains("Authorization: Bearer word-two\r\n"))
        #expect("\(token) \(client)".contains("word-two") == false)
        write("two words")
        let error = await #expect(throws: ClientError.self) {
            _ = try await client.send("GET", ResourcePath("healthz"))
        }
        #expect(error?.code == .misconfigured && error?.message.contains(path) == true)
        #expect(server.requests.count == 2)
    }

    @Test("the server is checked by the given authority and name, and sees our certificate")
    func tls() async throws {
        let certificates = try TestCertificates()
        let server = try TLSServer(certificates, options: ["-Verify", "1", "-verify_return_error"])
        let address = "https://127.0.0.1:\(server.port)"
        func send(_ change: (inout ServerConnection) -> Void) async throws {
            let mine = ServerConnection.Credentials.certificate(
                chainPEM: certificates.bytes("client.pem"), keyPEM: certificates.bytes("client.key"))
            var connection = try connection(address, mine)
            connection.authoritiesPEM = certificates.bytes("ca.pem")
            change(&connection)
            let client = ResourceClient(
                connection, transport: try HTTPClient(), userAgent: "test/1", clock: QuickClock(), chance: { 0 },
                warn: { _ in })
            _ = try await client.send("GET", ResourcePath("x"))
        }
        try await send { _ in }
        try await send { $0.serverName = "localhost" }
        for change: (inout ServerConnection) -> Void in [
            { $0.serverName = "other.example" }, { $0.authoritiesPEM = nil },
            { $0.authoritiesPEM = certificates.bytes("client.pem") },
        ] {
            let error = await #expect(throws: ClientError.self) { try await send(change) }
            #expect(error?.code == .unreachable && error?.mayHaveBeenDone == false)
        }
    }
}
