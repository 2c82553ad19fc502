// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Dispatch
import GRDB
import Glibc
import ResourceStore
import Synchronization
import Testing

@testable import SQLiteStore

/// A store whose writing connection stands still at its first commit, or at these, until it is told to go on, so that
/// what is asked for meanwhile is written together.
private final class HeldStore: Sendable {
    let folder: StoreFolder
    let store: SQLiteStore
    private let gate = DispatchSemaphore(value: 0)

    init(longestGroup: Duration = .seconds(600), standsAt numbers: Set<Int> = [1]) async throws {
        folder = try StoreFolder()
        let (gate, log) = (gate, HeardLog())
        var options = SQLiteStoreOptions(environment: .system) { moment, write in
            log.lines.withLock { $0.append("\(moment.rawValue) \(write.number)") }
            // On the store's own thread.
            if numbers.contains(write.number), moment == .aboutToCommit { gate.wait() }
        }
        options.longestGroup = longestGroup
        store = try await folder.open(options)
        self.log = log
    }

    private let log: HeardLog
    var lines: [String] { log.lines.withLock { $0 } }

    /// Makes the first write stand still, calls these, and goes on when all of them wait.
    func together(_ calls: [@Sendable (SQLiteStore) async throws -> Void]) async -> [StoreError?] {
        await withTaskGroup(of: (Int, StoreError?).self) { group in
            group.addTask { [store] in
                (-1, await storeError { _ = try await store.create(Self.policy("first")) })
            }
            while lines.isEmpty { await Task.yield() }
            for (number, call) in calls.enumerated() {
                group.addTask { [store] in (number, await storeError { try await call(store) }) }
                // In this order.
                while store.writes.count <= number { await Task.yield() }
            }
            gate.signal()
            var errors = [StoreError?](repeating: nil, count: calls.count)
            for await (number, error) in group where number >= 0 { errors[number] = error }
            return errors
        }
    }

    func goOn() { gate.signal() }

    static func policy(_ name: String) -> Policy { Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec()) }
}

private final class HeardLog: Sendable {
    let lines = Mutex<[String]>([])
}

@Suite("Writes that come at the same time")
struct WriteTogetherTests {
    private typealias Call = @Sendable (SQLiteStore) async throws -> Void

    private func create(_ name: String) -> Call {
        { store in _ = try await store.create(HeldStore.policy(name)) }
    }

    private func names(_ store: SQLiteStore) async throws -> [String] {
        try await store.list(Policy.self, namespace: nil, labels: [:]).items.map(\.metadata.name)
    }

    @Test("they are committed together, each has its own version, and each change is in the log and the audit")
    func shared() async throws {
        let held = try await HeldStore()
        let errors = await held.together((0..<20).map { create("p\($0)") })
        #expect(errors.allSatisfy { $0 == nil })
        let after = held.lines.drop { $0 != "committed 1" }.dropFirst()
        #expect(Array(after.prefix(20)) == (2...21).map { "aboutToCommit \($0)" })
        #expect(Array(after.dropFirst(20)) == (2...21).map { "committed \($0)" })
        let changes = try await held.store.watch(.policy, after: "0").prefix(21).reduce(into: []) { $0.append($1) }
        #expect(changes.map(\.resourceVersion) == (1...21).map(String.init))
        #expect(changes.map(\.key.name) == ["first"] + (0..<20).map { "p\($0)" })
        #expect(try await held.store.check().changes == 21)
        await held.store.close()
    }

    @Test("the first is not kept waiting for the others longer than it may be")
    func bounded() async throws {
        let held = try await HeldStore(longestGroup: .zero)
        let errors = await held.together((0..<5).map { create("p\($0)") })
        #expect(errors.allSatisfy { $0 == nil })
        #expect(held.lines == (1...6).flatMap { ["aboutToCommit \($0)", "committed \($0)"] })
        #expect(try await names(held.store).count == 6)
        await held.store.close()
    }

    private func intent(_ object: String) -> Call {
        { store in
            try await store.recordUndoIntent(
                AuditEntry(
                    at: Timestamp(nanosecondsSinceEpoch: 0), action: "aws:undo", object: object, result: "intent"))
        }
    }

    private func recorded(_ store: SQLiteStore) async throws -> [String] {
        try await store.auditEntries(after: 0, limit: 100).map { try AuditChain.entry(of: $0).object }
    }

    @Test("what a call to put back waits for goes before all that merely came earlier, in its own order")
    func urgent() async throws {
        let held = try await HeldStore()
        let errors = await held.together([create("a"), create("b"), intent("i-1"), create("c"), intent("i-2")])
        #expect(errors.allSatisfy { $0 == nil })
        let policies = ["a", "b", "c"].map { HeldStore.policy($0).key.description }
        let first = HeldStore.policy("first").key.description
        #expect(try await recorded(held.store) == [first, "i-1", "i-2"] + policies)
        let group = ["aboutToCommit 2", "aboutToCommit 3", "committed 2", "committed 3"]
        #expect(Array(held.lines.dropFirst(2).prefix(4)) == group, "and does not wait for their changes")
        await held.store.close()
    }

    @Test("it goes before the rest of what was taken from the queue already")
    func urgentBetween() async throws {
        let held = try await HeldStore(longestGroup: .zero, standsAt: [1, 2])
        let calls = ["a", "b", "c"].map(create)
        let intent = intent("i-1")
        async let errors = held.together(calls)
        // "first" and, once all of them wait, "a" stand still in their commits.
        while !held.lines.contains("aboutToCommit 2") { await Task.yield() }
        async let urgent = storeError { try await intent(held.store) }
        while held.store.writes.count == 0 { await Task.yield() }
        held.goOn()
        #expect(await urgent == nil)
        #expect(await errors.allSatisfy { $0 == nil })
        let policies = ["first", "a", "b", "c"].map { HeldStore.policy($0).key.description }
        #expect(try await recorded(held.store) == policies[..<2] + ["i-1"] + policies[2...])
        await held.store.close()
    }

    @Test("one that is refused takes nothing of the others with it, and has its own error")
    func refused() async throws {
        let held = try await HeldStore()
        let errors = await held.together([
            create("a"), create("a"), create("b"),
            { store in
                _ = try await store.write(.update) { database in
                    try database.execute(sql: "DELETE FROM resources")
                    throw StoreError(.conflict, "on second thoughts", hint: "")
                }
            }, create("c"),
        ])
        #expect(errors.map { $0?.code } == [nil, .alreadyExists, nil, .conflict, nil])
        #expect(try await names(held.store) == ["a", "b", "c", "first"])
        await held.store.close()
    }

    @Test(
        "one with which the database itself gets into trouble fails alone, and the others are written",
        arguments: ["a full disk", "the end of the transaction"])
    func trouble(kind: String) async throws {
        let held = try await HeldStore()
        let tries = Mutex(0)
        let errors = await held.together([
            create("a"),
            { store in
                try await store.write(.update) { database in
                    tries.withLock { $0 += 1 }
                    if kind != "a full disk" { try database.execute(sql: "ROLLBACK") }
                    throw DatabaseError(resultCode: .SQLITE_FULL)
                }
            }, create("b"),
        ])
        #expect(errors.map { $0?.code } == [nil, .full, nil])
        #expect(try await names(held.store) == ["a", "b", "first"])
        #expect(tries.withLock { $0 } == 2, "together, and then alone")
        await held.store.close()
    }

    @Test("those that change nothing are no writes")
    func nothing() async throws {
        let held = try await HeldStore()
        let errors = await held.together(
            (0..<3).map { number in
                { store in try await store.release(reservation: "r\(number)") }
            })
        #expect(errors.allSatisfy { $0 == nil })
        #expect(held.lines == ["aboutToCommit 1", "committed 1"])
        await held.store.close()
    }
}
