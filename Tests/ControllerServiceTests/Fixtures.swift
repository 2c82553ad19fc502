// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Foundation
import ResourceStore
import SQLiteStore
import TestSupport
import Testing

/// A store in a folder of its own, that goes with its owner.
final class ScratchStore: Sendable {
    let folder: URL
    let store: SQLiteStore

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "rebound-service-\(UUID().uuidString)")
        store = try await SQLiteStore.open(
            path: folder.path + "/rebound.db", options: SQLiteStoreOptions(environment: .system))
    }

    var path: String { folder.path + "/rebound.db" }

    deinit { try? FileManager.default.removeItem(at: folder) }  // Of the temporary folder; nothing hangs on it.

    /// A run with this status.
    func run(_ name: String, _ status: RunStatus) async throws -> Run {
        let run = try await store.create(
            Run(metadata: ObjectMetadata(name: name, namespace: "default"), spec: Self.spec))
        return try await set(run, status)
    }

    func set(_ run: Run, _ status: RunStatus) async throws -> Run {
        var run = run
        run.status = status
        return try await store.updateStatus(run)
    }

    static let spec: RunSpec = {
        var selector = InstanceSelector(region: "eu-west-1")
        selector.tags = ["app": "web"]
        let fault = FaultSpec(
            name: "lose-one", action: .ec2(.terminate),
            targets: TargetsSpec(instances: selector, pick: PickSpec(count: 1)))
        let probe = ProbeSpec(name: "storefront", kind: .http(HTTPProbeSpec(url: "http://127.0.0.1/")))
        let plan = ExperimentSpec(
            hypothesis: "It holds.", steadyState: [probe], faults: [fault],
            limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                objective: nil, stableFor: WrittenDuration(.seconds(1)), giveUpAfter: WrittenDuration(.seconds(60))),
            reports: nil)
        return RunSpec(experiment: "web", plan: plan, seed: 1, requestedBy: "ana")
    }()
}

/// The controller's clocks, turned by hand.
final class StandingClock: ControlClock {
    let manual = ManualClock()
    var bootID: String { "a boot" }

    func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 1_000_000_000_000 + manual.now.offset.wholeNanoseconds)
    }

    func wall() -> Timestamp {
        Timestamp(nanosecondsSinceEpoch: 1_795_500_000_000_000_000).advanced(by: manual.now.offset)
    }

    func sleep(for duration: Duration) async throws {
        try await manual.sleep(until: manual.now.advanced(by: duration), tolerance: nil)
    }

    func untilSomebodySleeps() async { await manual.untilSleeping(1) }
    func advance(by duration: Duration) { manual.advance(by: duration) }
}

/// The figures that a text holds: `name{labels}` and the value as written.
func figures(in text: String) -> [String: String] {
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    return Dictionary(
        lines.compactMap { line in
            guard let space = line.lastIndex(of: " ") else { return nil }
            return (String(line[..<space]), String(line[line.index(after: space)...]))
        }, uniquingKeysWith: { $1 })
}
