// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Identity
import TestSupport
import Testing

@Suite("The controller's folder of keys")
struct FolderTests {
    let scratch: ScratchFolder
    var path: String { scratch.file("identity") }

    init() throws { scratch = try ScratchFolder() }

    private func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("the first start makes the keys with modes that keep others out; the next finds the same")
    func firstStart() throws {
        let first = try IdentityFolder.open(path, authority: nil, at: someDay)
        #expect(mode("authority.pem") == 0o600 && mode("signing.pem") == 0o600)
        #expect(mode("authority.crt") == 0o644 && mode("signing.pub") == 0o644)
        #expect(mode("") == 0o700)
        let second = try IdentityFolder.open(path, authority: nil, at: someDay.advanced(by: .days(400)))
        #expect(second.authority.certificate == first.authority.certificate)
        #expect(second.signingKey.publicKey == first.signingKey.publicKey)
        #expect(first.signingKey.kind == .ed25519)
        let shown = try scratch.read("identity/authority.crt")
        #expect(try shown == first.authority.trustPEM() && !shown.contains("PRIVATE"))
    }

    @Test("of many that start at once one makes the keys, all have the same, and nothing is left over")
    func together() async throws {
        let path = path
        let found = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<24 {
                group.addTask {
                    let folder = try IdentityFolder.open(path, authority: nil, at: someDay)
                    return [folder.authority.certificate.fingerprint, folder.signingKey.publicKey.id]
                }
            }
            return try await group.reduce(into: Set<[String]>()) { $0.insert($1) }
        }
        #expect(found.count == 1)
        #expect(names() == ["authority.crt", "authority.pem", "signing.pem", "signing.pub"])
    }

    @Test("what a crash left beside a key is no key, and is gone after the next start")
    func leftovers() throws {
        #expect(mkdir(path, 0o700) == 0)
        try scratch.write("-----BEGIN PRIV", to: "identity/authority.pem.new-0123456789abcdef")
        let first = try IdentityFolder.open(path, authority: nil, at: someDay)
        #expect(link("\(path)/signing.pem", "\(path)/signing.pem.new-0123456789abcdef") == 0)
        #expect(names().count == 5)
        _ = try IdentityFolder.open(path, authority: nil, at: someDay)
        #expect(names() == ["authority.crt", "authority.pem", "signing.pem", "signing.pub"])
        let second = try IdentityFolder.open(path, authority: nil, at: someDay)
        #expect(first.authority.certificate == second.authority.certificate)
    }

    @Test("a damaged file is named and never replaced", arguments: ["authority.pem", "signing.pem"])
    func damaged(name: String) throws {
        _ = try IdentityFolder.open(path, authority: nil, at: someDay)
        for text in ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            try scratch.write(text, to: "identity/\(name)")
            do throws(IdentityError) {
                _ = try IdentityFolder.open(path, authority: nil, at: someDay)
                Issue.record("opened with \(text)")
            } catch {
                #expect(error.code == .malformed)
            }
            #expect(try scratch.read("identity/\(name)") == text)
        }
    }

    @Test("a key that others may read is refused, with what to do", arguments: ["authority.pem", "signing.pem"])
    func openToOthers(name: String) throws {
        _ = try IdentityFolder.open(path, authority: nil, at: someDay)
        #expect(chmod("\(path)/\(name)", 0o640) == 0)
        do throws(IdentityError) {
            _ = try IdentityFolder.open(path, authority: nil, at: someDay)
            Issue.record("opened")
        } catch {
            #expect(error.code == .unsafeFile && error.hint.contains("chmod 600"))
        }
    }

    @Test("a folder that cannot be written says so, and names it")
    func unwritable() throws {
        try scratch.write("", to: "file")
        for path in ["/proc/identity", scratch.file("file/identity"), scratch.file("no/such/folder")] {
            do throws(IdentityError) {
                _ = try IdentityFolder.open(path, authority: nil, at: someDay)
                Issue.record("opened \(path)")
            } catch {
                #expect(error.code == .cannotWrite && error.message.contains(path))
            }
        }
    }

    private func names() -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}

@Suite("The server's certificate")
struct ServerCertificateTests {
    private let dates = HandDates(from: someDay)

    @Test("it is renewed when a third of its life is left, without a restart, with a new key")
    func renewed() async throws {
        let authority = try CertificateAuthority.make(at: someDay)
        let dates = dates
        let certificates = try ServerCertificates(
            .authority(authority, names: [ServerName("localhost")], lifetime: .hours(24)), clock: dates.clock,
            now: { dates.now }, onProblem: { Issue.record($0) })
        var pairs = certificates.pairs().makeAsyncIterator()
        let first = try #require(await pairs.next())
        #expect(first == certificates.current)
        async let second = pairs.next()
        await dates.clock.untilSleeping(1)
        dates.set(by: .hours(15))
        dates.clock.advance(by: ServerCertificates.lookInterval)
        await dates.clock.untilSleeping(1)
        #expect(certificates.current == first)
        dates.set(by: .hours(2))
        dates.clock.advance(by: ServerCertificates.lookInterval)
        let renewed = try #require(await second)
        #expect(renewed.keyPEM != first.keyPEM && renewed.notAfter > first.notAfter)
        let leaf = try Certificate.read(pem: Array(renewed.chainPEM.utf8), name: "renewed")
        #expect(leaf.count == 1)
        #expect(try authority.verify(leaf[0].der, purpose: .server, at: dates.now) == leaf[0])
    }

    @Test("a date that was set back brings a certificate that is valid then")
    func setBack() async throws {
        let authority = try CertificateAuthority.make(at: someDay.advanced(by: .zero - .days(10)))
        let dates = dates
        let certificates = try ServerCertificates(
            .authority(authority, names: [ServerName("localhost")], lifetime: .hours(24)), clock: dates.clock,
            now: { dates.now }, onProblem: { Issue.record($0) })
        var pairs = certificates.pairs().makeAsyncIterator()
        _ = await pairs.next()
        async let next = pairs.next()
        await dates.clock.untilSleeping(1)
        dates.set(by: .zero - .hours(3))
        dates.clock.advance(by: ServerCertificates.lookInterval)
        let pair = try #require(await next)
        #expect(pair.notBefore < dates.now && dates.now < pair.notAfter)
    }

    @Test("one in files is read again when it was replaced; a broken one is told of, and the old one stays")
    func files() async throws {
        let folder = try ScratchFolder()
        let authority = try CertificateAuthority.make(at: someDay)
        let dates = dates
        func write() throws {
            let key = try PrivateKey.make(.p256)
            let leaf = try authority.serverCertificate(
                names: [ServerName("localhost")], key: key.publicKey, at: dates.now, lifetime: .days(30))
            try folder.write(try key.pem(), to: "server.key")
            try folder.write(try leaf.pem(), to: "server.pem")
        }
        try write()
        let (problems, report) = AsyncStream.makeStream(of: IdentityError.Code.self)
        let certificates = try ServerCertificates(
            .files(.init(certificate: folder.file("server.pem"), key: folder.file("server.key"))), clock: dates.clock,
            now: { dates.now }, onProblem: { report.yield($0.code) })
        var pairs = certificates.pairs().makeAsyncIterator()
        let first = try #require(await pairs.next())
        async let second = pairs.next()
        await dates.clock.untilSleeping(1)
        let good = try folder.read("server.key")
        try folder.write(try PrivateKey.make(.p256).pem(), to: "server.key")
        dates.clock.advance(by: ServerCertificates.lookInterval)
        var told = problems.makeAsyncIterator()
        #expect(await told.next() == .keyMismatch)
        #expect(certificates.current == first)
        try folder.write(good, to: "server.key")
        try write()
        await dates.clock.untilSleeping(1)
        dates.clock.advance(by: ServerCertificates.lookInterval)
        let replaced = try #require(await second)
        #expect(replaced != first)
    }
}

@Suite("The messages of a login")
struct LoginMessageTests {
    @Test("a ticket survives its text; cut or changed it is refused or names other things")
    func tickets() throws {
        let authority = try CertificateAuthority.make(at: someDay).trustPEM()
        let token = try AccessToken.make().text
        let ticket = LoginTicket(server: "https://rebound.example:7443", authority: authority, token: token)
        let text = try ticket.text()
        #expect(try LoginTicket(text) == ticket)
        #expect(!text.contains(" ") && !text.contains("\n"))
        for count in stride(from: 0, to: text.utf8.count - 1, by: 3) {
            #expect(code { () throws(IdentityError) in _ = try LoginTicket(String(text.prefix(count))) } == .malformed)
        }
        for other in [
            LoginTicket(server: "http://rebound.example", authority: authority, token: token),
            LoginTicket(server: ticket.server, authority: "none", token: token),
            LoginTicket(server: ticket.server, authority: authority, token: "none"),
        ] {
            let text = try other.text()
            #expect(code { () throws(IdentityError) in _ = try LoginTicket(text) } == .malformed)
        }
    }

    @Test("the last ticket of a log is found, in text and in JSON")
    func ticketsInLogs() throws {
        let authority = try CertificateAuthority.make(at: someDay).trustPEM()
        let first = LoginTicket(server: "https://a.example", authority: authority, token: try AccessToken.make().text)
        let last = LoginTicket(server: "https://b.example", authority: authority, token: try AccessToken.make().text)
        let (one, two) = (try first.text(), try last.text())
        #expect(try LoginTicket.last(in: one) == first)
        #expect(try LoginTicket.last(in: "notice: become one\n\(one)\nnotice: again\n\(two)\ninfo: more\n") == last)
        #expect(try LoginTicket.last(in: #"{"message":"Become one.\n\#(two)","metadata":{}}"# + "\n{}\n") == last)
        #expect(try LoginTicket.last(in: try AccessToken.make().text) == nil)
        #expect(
            code { () throws(IdentityError) in _ = try LoginTicket.last(in: one + "\n" + two.prefix(200)) }
                == .malformed)
    }

    @Test("an answer for another key, of another authority or out of date is refused")
    func answers() throws {
        let authority = try CertificateAuthority.make(at: someDay)
        let exchange = try LoginExchange(token: nil)
        let request = try LoginMessages.request(exchange.body)
        let subject = try CertificateSubject(name: "alice", groups: ["ops"])
        func answer(_ key: PublicKey, _ signer: CertificateAuthority) throws -> [UInt8] {
            let leaf = try signer.clientCertificate(for: subject, key: key, at: someDay, lifetime: .hours(1))
            return try LoginMessages.answer(leaf, authority)
        }
        let good = try answer(request.publicKey, authority)
        let credential = try exchange.credential(from: good, at: someDay)
        #expect(credential.name == "alice" && credential.groups == ["ops"])
        #expect(credential.expiresAt == someDay.advanced(by: .hours(1)))
        #expect(credential.keyPEM.contains("PRIVATE KEY"))
        let foreign = try answer(request.publicKey, CertificateAuthority.make(at: someDay))
        let other = try answer(PrivateKey.make(.p256).publicKey, authority)
        let late = someDay.advanced(by: .hours(2))
        for (body, time, expected) in [
            (other, someDay, IdentityError.Code.keyMismatch), (foreign, someDay, .untrusted), (good, late, .expired),
            (Array("{}".utf8), someDay, .malformed), ([], someDay, .malformed),
        ] {
            #expect(code { () throws(IdentityError) in _ = try exchange.credential(from: body, at: time) } == expected)
        }
    }
}
