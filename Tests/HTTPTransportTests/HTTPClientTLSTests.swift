// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("HTTPClient: TLS")
struct HTTPClientTLSTests {
    let client: HTTPClient
    let certificates: TestCertificates

    init() throws {
        client = try HTTPClient()
        certificates = try TestCertificates()
    }

    private func request(_ server: TLSServer, _ change: (inout TLSOptions) -> Void = { _ in }) -> HTTPRequest {
        var request = HTTPRequest(url: server.url, timeouts: ample)
        request.tls.caFile = certificates.path("ca.pem")
        request.connection = .fresh
        change(&request.tls)
        return request
    }

    @Test("a certificate of a trusted authority is accepted, and the handshake is timed")
    func trusted() async throws {
        let server = try TLSServer(certificates)
        let response = try await client.send(request(server))
        #expect(response.status == 200)
        #expect(response.timings.connect < response.timings.tlsHandshake)
        #expect(response.timings.tlsHandshake < response.timings.firstByte)
    }

    @Test("a certificate that the system does not trust is a TLS error before anything is sent")
    func untrusted() async throws {
        let server = try TLSServer(certificates)
        let error = try #require(await failure(of: client, request(server) { $0.caFile = nil }))
        #expect(error.code == .tls && !error.requestMayHaveBeenSent)
    }

    @Test("an authority's file that is not there is a TLS error")
    func noAuthority() async throws {
        let server = try TLSServer(certificates)
        let error = try #require(await failure(of: client, request(server) { $0.caFile = "/nonexistent.pem" }))
        #expect(error.code == .tls && !error.requestMayHaveBeenSent)
    }

    @Test("certificates and keys in memory serve as well as files", arguments: ["http/1.1", "stream"])
    func inMemory(way: String) async throws {
        let server = try TLSServer(certificates, options: ["-Verify", "1", "-verify_return_error"])
        let request = request(server) {
            $0.caFile = nil
            $0.caPEM = certificates.bytes("ca.pem")
            $0.clientCertificatePEM = certificates.bytes("client.pem")
            $0.clientKeyPEM = certificates.bytes("client.key")
        }
        if way == "stream" {
            let limits = HTTPStreamLimits(idle: .seconds(900), bufferBytes: 1_000)
            #expect(try await client.stream(request, limits: limits).head.status == 200)
        } else {
            #expect(try await client.send(request).status == 200)
        }
        var other = request
        other.tls.caPEM = certificates.bytes("client.pem")
        #expect(await failure(of: client, other)?.code == .tls)
    }

    @Test("without verification any certificate will do")
    func unverified() async throws {
        let server = try TLSServer(certificates)
        let response = try await client.send(
            request(server) {
                $0.caFile = nil
                $0.verifiesPeer = false
            })
        #expect(response.status == 200)
    }

    @Test(
        "the server name is what the certificate must carry",
        arguments: [("localhost", true), ("other.example", false)])
    func serverName(name: String, isAccepted: Bool) async throws {
        let server = try TLSServer(certificates)
        let named = request(server) { $0.serverName = name }
        if isAccepted {
            #expect(try await client.send(named).status == 200)
        } else {
            #expect(await failure(of: client, named)?.code == .tls)
        }
    }

    @Test("a client certificate is shown where one is demanded")
    func clientCertificate() async throws {
        let server = try TLSServer(certificates, options: ["-Verify", "1", "-verify_return_error"])
        let shown = request(server) {
            $0.clientCertificateFile = certificates.path("client.pem")
            $0.clientKeyFile = certificates.path("client.key")
        }
        #expect(try await client.send(shown).status == 200)
        #expect(await failure(of: client, request(server)) != nil)
    }

    @Test("a server that speaks an older version than demanded is refused")
    func minimumVersion() async throws {
        let server = try TLSServer(certificates, options: ["-tls1_2"])
        #expect(try await client.send(request(server)).status == 200)
        #expect(await failure(of: client, request(server) { $0.minimumVersion = .tls13 })?.code == .tls)
    }

    @Test("HTTP/2 is spoken where offered, and requests at once share a connection", .enabled(if: NginxServer.isThere))
    func http2() async throws {
        let server = try NginxServer(certificates)
        var request = HTTPRequest(url: server.url, timeouts: ample)
        request.tls.caFile = certificates.path("ca.pem")
        var first: TransportError.Code? = .cannotConnect
        // nginx needs a moment until it listens.
        while first == .cannotConnect { first = await code(request) }
        #expect(first == nil)
        let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { [request] in try await client.send(request).body } }
            return try await group.reduce(into: Set<String>()) { $0.insert(String(decoding: $1, as: UTF8.self)) }
        }
        #expect(bodies.count == 1 && bodies.first?.hasPrefix("HTTP/2.0 ") == true)
    }

    private func code(_ request: HTTPRequest) async -> TransportError.Code? {
        do throws(TransportError) {
            _ = try await client.send(request)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("plain HTTP where TLS is expected is a TLS error")
    func plain() async throws {
        let server = RawServer { connection in
            _ = connection.readSome()
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForEnd()
        }
        let error = await failure(of: client, HTTPRequest(url: "https://127.0.0.1:\(server.port)/", timeouts: ample))
        #expect(error?.code == .tls && error?.requestMayHaveBeenSent == false)
    }
}
