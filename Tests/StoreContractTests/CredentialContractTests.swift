// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore
import Testing

@Suite("Credentials, by every store that keeps them")
struct CredentialContractTests {
    private static let day = Duration.seconds(86_400)
    private static let start = Timestamp(nanosecondsSinceEpoch: 1_795_000_000_000_000_000)

    private func open() async throws -> SQLiteStore {
        try await SQLiteStore.open(path: ":memory:", options: SQLiteStoreOptions(environment: .system))
    }

    private func credential(
        _ id: String, _ kind: IssuedCredential.Kind = .token, name: String = "alice", by issuer: String? = nil,
        at: Timestamp = start, expires: Timestamp? = start.advanced(by: day)
    ) -> IssuedCredential {
        var made = IssuedCredential(
            id: id, kind: kind, name: name, groups: ["ops", "quo\"te"],
            secretHash: kind == .certificate ? nil : [1, 2],
            issuedAt: at, expiresAt: expires)
        made.issuedBy = issuer
        made.purpose = "test"
        return made
    }

    private func revocation(_ id: String) -> Revocation {
        Revocation(credential: id, at: Self.start, by: "user:root", reason: "lost")
    }

    @Test("what was written down is read back whole, and the same id twice is refused")
    func roundTrip() async throws {
        let store = try await open()
        for made in [credential("token:a"), credential("certificate:b", .certificate, expires: nil)] {
            try await store.issue(made)
            #expect(try await store.credential(made.id) == CredentialRecord(issued: made, revocation: nil))
            let error = await #expect(throws: StoreError.self) { try await store.issue(made) }
            #expect(error?.code == .alreadyExists)
        }
        #expect(try await store.credential("token:none") == CredentialRecord(issued: nil, revocation: nil))
        #expect(try await store.credentials().count == 2)
    }

    @Test("a one-time token is exchanged once, other credentials as often as one likes")
    func oneTime() async throws {
        let store = try await open()
        try await store.issue(credential("token:once", .oneTimeToken))
        try await store.issue(credential("token:often"))
        for number in 1...3 {
            try await store.issue(credential("certificate:o\(number)", .certificate, by: "token:often"))
            let made = credential("certificate:\(number)", .certificate, by: "token:once")
            if number == 1 {
                try await store.issue(made)
            } else {
                let error = await #expect(throws: StoreError.self) { try await store.issue(made) }
                #expect(error?.code == .conflict)
                #expect(try await store.credential(made.id).issued == nil)
            }
        }
        #expect(try await store.credential("token:once").issued?.redeemedAt == Self.start)
    }

    @Test("a revocation takes what descends along, once, counts, and stops further issuing")
    func revoking() async throws {
        let store = try await open()
        try await store.issue(credential("token:a"))
        try await store.issue(credential("certificate:1", .certificate, by: "token:a"))
        try await store.issue(credential("certificate:2", .certificate, by: "certificate:1"))
        try await store.issue(credential("token:b", name: "bob"))
        #expect(try await store.revocationCount() == 0)
        #expect(
            try await store.revoke(revocation("token:a")) == ["certificate:1", "certificate:2", "token:a"])
        #expect(try await store.revoke(revocation("token:a")) == [])
        #expect(try await store.revocationCount() == 1)
        #expect(try await store.credential("certificate:2").revocation?.reason == "lost")
        #expect(try await store.credential("token:b").revocation == nil)
        let late = credential("certificate:3", .certificate, by: "certificate:2")
        let error = await #expect(throws: StoreError.self) { try await store.issue(late) }
        #expect(error?.code == .conflict)
        #expect(try await store.revoke(revocation("certificate:feed")) == ["certificate:feed"], "never heard of")
        #expect(try await store.credentials().count == 5)
        #expect(try await store.revokeAll(ofName: "bob", revocation("")) == ["token:b"])
    }

    @Test("credentials are forgotten 30 days after their end, with their revocations; exchanged tokens never")
    func forgetting() async throws {
        let store = try await open()
        try await store.issue(credential("token:old"))
        try await store.issue(credential("token:first", .oneTimeToken))
        try await store.issue(credential("certificate:1", .certificate, by: "token:first"))
        _ = try await store.revoke(revocation("token:old"))
        let later = Self.start.advanced(by: Self.day * 31).advanced(by: .seconds(1))
        try await store.issue(credential("token:new", at: later, expires: later.advanced(by: Self.day)))
        #expect(Set(try await store.credentials().map { $0.issued?.id }) == ["token:new", "token:first"])
    }

    @Test("the first credential of a group is made if there is none that can be used or was")
    func first() async throws {
        let store = try await open()
        let soon = Self.start.advanced(by: .seconds(60))
        #expect(try await store.issueFirst(credential("token:1", .oneTimeToken, expires: soon), ofGroup: "ops"))
        #expect(try await !store.issueFirst(credential("token:2", .oneTimeToken), ofGroup: "ops"))
        #expect(try await store.issueFirst(credential("token:3", .oneTimeToken, at: soon), ofGroup: "ops"))
        _ = try await store.revoke(revocation("token:3"))
        #expect(try await store.issueFirst(credential("token:4", .oneTimeToken, at: soon), ofGroup: "ops"))
        #expect(try await store.issueFirst(credential("token:5"), ofGroup: "others"))
    }

    @Test("issuing and revoking have their records in the audit, in order")
    func audited() async throws {
        let store = try await open()
        try await WriteOrigin.$current.withValue(WriteOrigin(actor: "user:root")) {
            try await store.issue(credential("token:a"))
            try await store.issue(credential("certificate:1", .certificate, by: "token:a"))
            _ = try await store.revoke(revocation("token:a"))
        }
        let records = try await store.auditEntries(after: 0, limit: 10).map {
            String(decoding: $0.record, as: UTF8.self)
        }
        #expect(records.count == 4)
        let expected = ["issueCredential", "issueCredential", "revokeCredential", "revokeCredential"]
        for (record, action) in zip(records, expected) {
            #expect(record.contains(action) && record.contains("user:root"))
        }
    }
}
