// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Identity
import TestSupport
import Testing

@Suite("One authority in the place of another")
struct ReplacingTests {
    let scratch: ScratchFolder
    var path: String { scratch.file("identity") }
    var files: AuthorityFiles { AuthorityFiles(folder: path) }

    init() throws { scratch = try ScratchFolder() }

    private func open(_ later: Duration = .zero) throws -> IdentityFolder {
        try IdentityFolder.open(path, authority: nil, at: someDay.advanced(by: later))
    }

    private func leaf(_ authority: CertificateAuthority) throws -> [UInt8] {
        try authority.clientCertificate(
            for: CertificateSubject(name: "ana", groups: []), key: PrivateKey.make(.p256).publicKey, at: someDay,
            lifetime: .days(400)
        ).der
    }

    private func isAccepted(_ leaf: [UInt8], by folder: IdentityFolder, after later: Duration = .zero) -> Bool {
        let now = someDay.advanced(by: later)
        return code { () throws(IdentityError) in _ = try folder.authority.verify(leaf, purpose: .client, at: now) }
            == nil
    }

    /// The certificates that a client is given to trust.
    private func trusted(_ folder: IdentityFolder) throws -> [Certificate] {
        try Certificate.read(pem: Array(folder.authority.trustPEM().utf8), name: "trust")
    }

    @Test("the next is trusted before it signs, the former until it is retired, and a client always knows both")
    func steps() throws {
        let first = try open()
        #expect(try files.stage() == .alone)
        let next = try files.prepare(at: someDay)
        #expect(try files.stage() == .prepared && files.prepare(at: someDay) == next)
        let prepared = try open()
        #expect(prepared.authority.certificate == first.authority.certificate)
        #expect(try trusted(prepared) == [first.authority.certificate, next])
        #expect(try scratch.read("identity/authority.crt") == prepared.authority.trustPEM())
        let early = try leaf(prepared.authority)
        #expect(try files.switchOver(at: someDay) == next)
        #expect(try files.stage() == .switched)
        let switched = try open()
        #expect(switched.authority.certificate == next)
        #expect(try trusted(switched) == [next, first.authority.certificate])
        let late = try leaf(switched.authority)
        #expect(isAccepted(early, by: switched) && isAccepted(late, by: switched) && isAccepted(late, by: prepared))
        #expect(!isAccepted(late, by: first))
        #expect(try files.retire() && !files.retire())
        let retired = try open()
        #expect(try trusted(retired) == [next])
        #expect(!isAccepted(early, by: retired) && isAccepted(late, by: retired))
    }

    @Test("a foreign, an expired and a server's certificate stay refused, with their own reason, while there are two")
    func refusals() throws {
        let first = try open()
        _ = try files.prepare(at: someDay)
        let folder = try open()
        let foreign = try leaf(try CertificateAuthority.make(at: someDay))
        func refusal(_ leaf: [UInt8], _ later: Duration = .zero) -> IdentityError.Code? {
            code { () throws(IdentityError) in
                _ = try folder.authority.verify(leaf, purpose: .client, at: someDay.advanced(by: later))
            }
        }
        #expect(refusal(foreign) == .untrusted)
        #expect(refusal(try leaf(first.authority), .days(401)) == .expired)
        _ = try files.switchOver(at: someDay)
        let switched = try open()
        let server = try first.authority.serverCertificate(
            names: [ServerName("a.example")], key: PrivateKey.make(.p256).publicKey, at: someDay, lifetime: .days(1))
        #expect(
            code { () throws(IdentityError) in
                _ = try switched.authority.verify(server.der, purpose: .client, at: someDay)
            } == .wrongPurpose)
    }

    @Test("an authority beside that has expired is trusted no more, and keeps nothing from starting")
    func expiredBeside() throws {
        _ = try open()
        _ = try files.prepare(at: someDay.advanced(by: .days(3_000)))
        _ = try files.switchOver(at: someDay.advanced(by: .days(3_000)))
        #expect(try open(.days(3_700)).authority.beside.count == 1)
    }

    @Test("a switch that was interrupted between its two acts is finished by the next try, and signs all the while")
    func interrupted() throws {
        let first = try open()
        let next = try files.prepare(at: someDay)
        #expect(link("\(path)/authority.pem", "\(path)/authority-former.pem") == 0)
        #expect(try open().authority.certificate == first.authority.certificate)
        #expect(code { () throws(IdentityError) in _ = try files.retire() } == .unsafeFile)
        #expect(try files.switchOver(at: someDay) == next)
        #expect(try trusted(open()) == [next, first.authority.certificate])
    }

    @Test("a step out of its order is refused with the one to take")
    func order() throws {
        #expect(code { () throws(IdentityError) in _ = try files.prepare(at: someDay) } == .notAnAuthority)
        _ = try open()
        #expect(code { () throws(IdentityError) in _ = try files.switchOver(at: someDay) } == .unreadableFile)
        _ = try files.prepare(at: someDay)
        _ = try files.switchOver(at: someDay)
        do throws(IdentityError) {
            _ = try files.prepare(at: someDay)
            Issue.record("prepared while a former one is trusted")
        } catch {
            #expect(error.code == .unsafeFile && error.hint.contains("retire"))
        }
    }

    @Test("an authority that has expired keeps the start from going on, and says how to get a new one")
    func expired() throws {
        _ = try open()
        do throws(IdentityError) {
            _ = try IdentityFolder.open(path, authority: nil, at: someDay.advanced(by: .days(3_651)))
            Issue.record("started")
        } catch {
            #expect(error.code == .expired && error.message.contains("authority.pem"))
            #expect(error.hint.contains("rebound-controller authority ticket"))
        }
    }
}
