// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import SQLiteStore

extension StoreHammer {
    /// Times each sort of write, one after the other and eight at once, and opening the store again.
    static func measure(_ path: String, count: Int) async throws {
        let store = try await open(path, observer: nil)
        let plan = SmallRun.plan("it holds")
        var run = try await store.create(
            Run(
                metadata: ObjectMetadata(name: "measured"),
                spec: RunSpec(experiment: "e", plan: plan, seed: 1, requestedBy: "a test")))
        try await time("append of 4 KiB", count) { _ in
            let data = [UInt8](repeating: 1, count: 4_096)
            try await store.append(chunk: MeasurementChunk(run: "run", content: .observations, data: data))
        }
        try await time("updateStatus", count) { number in
            run.status = RunStatus(phase: .baseline)
            run.status?.verdictReasons = ["\(number)"]
            run = try await store.updateStatus(run)
        }
        try await time("reserve", count) { try await reserve($0, in: store) }
        try await time("reserve, eight at once", count / 8) { number in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<8 { group.addTask { try await reserve(1_000_000 + number * 8 + task, in: store) } }
                try await group.waitForAll()
            }
        }
        try await time("get", count) { _ in _ = try await store.get(Run.self, namespace: "default", name: "measured") }
        await store.close()
        try await time("opening, with its check", 10) { _ in await (try open(path, observer: nil)).close() }
    }

    private static func reserve(_ number: Int, in store: SQLiteStore) async throws {
        let now = StoreEnvironment.system.now()
        let asked = Reservation(
            id: "r\(number)", run: "run-\(number % 100)", target: "t\(number)", group: "g\(number % 10)", at: now)
        _ = try await store.reserve(asked, caps: ReservationCaps(perRun: 1_000, perDay: 100_000, perGroup: 10_000))
    }

    private static func time(_ what: String, _ count: Int, _ body: (Int) async throws -> Void) async throws {
        let begun = ContinuousClock.now
        for number in 0..<count { try await body(number) }
        let each = (ContinuousClock.now - begun) / count
        print("\(what): \(each.inSeconds * 1e6) us each, \(Int(1 / each.inSeconds)) per second")
    }
}
