// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ControllerAPI
import Identity
import Logging
import ResourceStore
import SQLiteStore
import Synchronization
import TestSupport

/// A controller's access with a real store on disk, a date set by hand, and credentials to try it with.
final class AccessWorld: Sendable {
    static let start = Timestamp("2026-11-24T09:00:00Z") ?? Timestamp(nanosecondsSinceEpoch: 0)

    let clock = ManualClock()
    let folder: ScratchFolder
    let authority: CertificateAuthority
    let store: SQLiteStore
    let access: FleetAccess
    private let dates: DateBox
    private let others = Mutex<[SQLiteStore]>([])

    init() async throws {
        folder = try ScratchFolder()
        authority = try CertificateAuthority.make(at: Self.start)
        store = try await Self.open(folder)
        let date = DateBox(clock: clock)
        dates = date
        access = Self.access(authority, store, clock, date)
    }

    /// The date, which a test moves.
    private final class DateBox: Sendable {
        private let clock: ManualClock
        private let shift = Mutex(Duration.zero)

        init(clock: ManualClock) { self.clock = clock }

        var now: Timestamp { AccessWorld.start.advanced(by: clock.now.offset + shift.withLock { $0 }) }
        func set(by duration: Duration) { shift.withLock { $0 = $0 + duration } }
    }

    var now: Timestamp { dates.now }
    /// Sets the date on without waking anybody.
    func setDate(on duration: Duration) { dates.set(by: duration) }

    private static func open(_ folder: ScratchFolder) async throws -> SQLiteStore {
        try await SQLiteStore.open(
            path: folder.file("rebound.db"), options: SQLiteStoreOptions(environment: .system))
    }

    private static func access(
        _ authority: CertificateAuthority, _ store: SQLiteStore, _ clock: ManualClock, _ date: DateBox
    ) -> FleetAccess {
        FleetAccess(
            authority: authority, store: store, options: FleetAccess.Options(), clock: clock, now: { date.now },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// What another process on the same store has: its own connections, its own memory.
    func anotherProcess() async throws -> (store: SQLiteStore, access: FleetAccess) {
        let store = try await Self.open(folder)
        others.withLock { $0.append(store) }
        return (store, Self.access(authority, store, clock, dates))
    }

    func close() async {
        for other in others.withLock({ $0 }) { await other.close() }
        await store.close()
    }

    // MARK: Credentials

    /// A certificate as a login gives it, but in no list.
    func certificate(
        _ name: String, groups: [String] = [], by signer: CertificateAuthority? = nil, lifetime: Duration = .hours(12)
    ) throws -> Certificate {
        try (signer ?? authority).clientCertificate(
            for: CertificateSubject(name: name, groups: groups), key: PrivateKey.make(.p256).publicKey, at: now,
            lifetime: lifetime)
    }

    func token(
        _ name: String, groups: [String] = [], kind: TokenOrder.Kind = .everyRequest, lifetime: Duration = .hours(24)
    ) async throws -> (text: String, issued: IssuedCredential) {
        let order = TokenOrder(kind: kind, name: name, groups: groups, lifetime: lifetime, purpose: "test")
        let (text, issued) = try await access.issueToken(order)
        return (text, issued)
    }

    func answer(_ certificate: Certificate) async -> Result<Caller, CallerFailure> {
        await access.caller(PresentedCredentials(certificate: certificate.der))
    }

    func answer(bearer token: String) async -> Result<Caller, CallerFailure> {
        await access.caller(PresentedCredentials(authorization: "Bearer \(token)"))
    }

    // MARK: Bindings

    func bind(_ role: Role, to subject: RoleSubject, in namespace: String?) async throws {
        let spec = RoleBindingSpec(role: role, subjects: [subject])
        let name = "\(role.rawValue)-\(subject.name.replacing(":", with: "-"))".lowercased()
        if let namespace {
            _ = try await store.create(
                RoleBinding(metadata: ObjectMetadata(name: name, namespace: namespace), spec: spec))
        } else {
            _ = try await store.create(ClusterRoleBinding(metadata: ObjectMetadata(name: name), spec: spec))
        }
    }
}

extension Duration {
    static func hours(_ count: Int) -> Duration { .seconds(count * 3_600) }
    static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}

extension Result where Success == Caller, Failure == CallerFailure {
    /// Why not; nil for a caller, and where it is not known.
    var denial: Denial? {
        guard case .failure(.denied(let denial)) = self else { return nil }
        return denial
    }

    /// What kept the store from saying it; nil where it did.
    var unavailable: StoreError? {
        guard case .failure(.unavailable(let error)) = self else { return nil }
        return error
    }
}

extension Caller {
    /// Somebody, for decisions that do not look at the credential.
    static func named(_ name: String, groups: [String] = []) -> Caller {
        Caller(name: name, groups: groups, credential: "token:test", expiresAt: nil)
    }
}
