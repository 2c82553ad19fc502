// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

/// Whole runs, with real clocks and a real probe, from the manifest's values to the verdict.
@Suite("a whole run")
struct DrivingTests {
    private static func experiment(_ fault: FaultSpec, port: Int, file: String) -> Experiment {
        var probe = ProbeSpec(name: "site", kind: .tcp(TCPProbeSpec(host: "127.0.0.1", port: port)))
        probe.every = WrittenDuration(.milliseconds(100))
        let spec = ExperimentSpec(
            hypothesis: "it holds", steadyState: [probe],
            baseline: BaselineSpec(holdFor: WrittenDuration(.milliseconds(200))), faults: [fault],
            limits: LimitsSpec(maxTargets: 1, minHealthy: 1),
            recovery: RecoverySpec(
                stableFor: WrittenDuration(.milliseconds(300)), giveUpAfter: WrittenDuration(.seconds(60))),
            reports: [ReportSpec(destination: .file(FileReportSpec(path: file)))])
        return Experiment(metadata: ObjectMetadata(name: "web"), spec: spec)
    }

    private static func controller(_ bench: Bench) -> ExperimentController {
        var options = bench.options
        options.evidenceInterval = .milliseconds(100)
        return ExperimentController(
            store: bench.store, aws: bench.connections, options: options, logger: .silent)
    }

    private static func events(_ file: String) throws -> [ReportPayload] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(ReportPayload.self, from: Data($0.utf8))
        }
    }

    @Test("an instance is terminated, the service recovers, and the events are in the file, in order")
    func terminate() async throws {
        let site = RawServer.answering(body: "ok")
        let bench = try await Bench(.alone(3))
        let file = bench.folder.path + "/events.jsonl"
        let controller = Self.controller(bench)
        let run = try await controller.submit(
            Self.experiment(Sample.fault(.ec2(.terminate)), port: site.port, file: file), policies: [], seed: 1,
            expectedPlanHash: nil, requestedBy: "ada", reason: nil)
        let done = try await controller.drive(run: run.metadata.name, namespace: "default")
        #expect(done.status?.phase == .done)
        #expect(done.status?.recovery?.recovered == true)
        // On a machine that is too busy to probe, attempts are missing, and then the run rightly does not pass.
        let isBusy = done.status?.verdictReasons.first?.contains("told nothing") == true
        #expect(done.status?.verdict == (isBusy ? .inconclusive : .pass), "\(done.status?.verdictReasons ?? [])")
        #expect(done.status?.undo == UndoState.none)
        #expect(bench.aws.world.instances.values.filter { $0.state == "shutting-down" }.count == 1)
        let events = try Self.events(file)
        #expect(events.map(\.event) == [.planned, .aboutToInject, .injected, .recovered, .verdict])
        #expect(events.map(\.sequence) == events.map(\.sequence).sorted())
        #expect(Set(events.map(\.id)).count == events.count)
        #expect(try await bench.store.reservations(run: done.uid).map(\.isFinished) == [true])
    }

    @Test("a run of a stored experiment leaves that as it has become since it was read")
    func start() async throws {
        let bench = try await Bench(.alone(3))
        let controller = Self.controller(bench)
        let read = try await bench.store.create(
            Self.experiment(Sample.fault(.ec2(.terminate)), port: 9, file: bench.folder.path + "/events.jsonl"))
        var changed = read
        changed.spec.hypothesis = "it holds better"
        changed = try await bench.store.update(changed)
        let run = try await controller.start(
            read, seed: 1, expectedPlanHash: nil, requestedBy: "ada", reason: nil)
        #expect(run.spec.plan == read.spec)
        #expect(try await bench.store.get(Experiment.self, namespace: "default", name: "web") == changed)
    }

    @Test("an abort puts back what is held, whoever asks, and the run ends inconclusive and clean")
    func abort() async throws {
        let site = RawServer.answering(body: "ok")
        let bench = try await Bench(.alone(3))
        bench.aws.disturb { call, world in
            // Stopping takes EC2 a while; here until the next look.
            for (id, instance) in world.instances
            where instance.state == "stopping" && call.action == "DescribeInstances" {
                world.instances[id]?.state = "stopped"
            }
            return nil
        }
        let file = bench.folder.path + "/events.jsonl"
        let controller = Self.controller(bench)
        let run = try await controller.submit(
            Self.experiment(Sample.fault(.ec2(.stop), duration: .seconds(600)), port: site.port, file: file),
            policies: [], seed: 1, expectedPlanHash: nil, requestedBy: "ada", reason: nil)
        async let driven = controller.drive(run: run.metadata.name, namespace: "default")
        for await progress in controller.progress(run: run.metadata.name) where progress.run.status?.phase == .holding {
            break
        }
        let other = Self.controller(bench)
        try await other.abort(run: run.metadata.name, namespace: "default", requestedBy: "eve", reason: "enough")
        try await other.abort(run: run.metadata.name, namespace: "default", requestedBy: "eve", reason: "again")
        let done = try await driven
        #expect(done.status?.verdict == .inconclusive)
        #expect(done.status?.undo == .clean)
        #expect(done.status?.aborted?.reason == "enough")
        #expect(bench.aws.world.instances.values.allSatisfy { $0.state == "running" })
        #expect(try Self.events(file).contains { $0.event == .abort && $0.message == "enough" })
    }
}
