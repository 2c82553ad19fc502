// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// The experiments that others begin from.
@Suite("Recipes")
struct RecipeTests {
    private static let folder = "deploy/experiments"

    static let names: [String] = {
        let path = ExampleFiles.root.appending(path: folder).path
        // No folder means no names, and that fails the test that counts them.
        let found = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return found.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    @Test("there are at least fifteen, and the page names each")
    func page() throws {
        let page = try ExampleFiles.repositoryText("\(Self.folder)/README.md")
        #expect(Self.names.count >= 15)
        for name in Self.names { #expect(page.contains("(\(name))"), "\(name)") }
    }

    @Test("each is valid, named as its file, bounded, and says what it proves", arguments: names)
    func sound(name: String) throws {
        let text = try ExampleFiles.repositoryText("\(Self.folder)/\(name)")
        let documents = try ManifestReader.read(text)
        guard case .experiment(let experiment) = try #require(documents.first) else {
            Issue.record("\(name) begins with no experiment")
            return
        }
        #expect(experiment.metadata.name + ".yaml" == name)
        #expect(text.hasPrefix("# ") && text.contains("# Proves"))
        #expect(experiment.spec.limits.maxTargets <= 10)
        #expect(experiment.spec.stopWhen?.isEmpty == false)
        #expect(experiment.spec.recovery.objective != nil)
        for fault in experiment.spec.faults {
            let selector = fault.targets.instances
            #expect(selector == nil || selector?.tags?["rebound:opt-in"] == "true", "\(fault.name)")
        }
        for case .schedule(let schedule) in documents { #expect(schedule.spec.experiment == experiment.metadata.name) }
    }

    @Test("the faults that come with the agent are refused today, as their page says")
    func needsAgent() throws {
        let lose = try ExampleFiles.repositoryText("\(Self.folder)/lose-one.yaml")
        let page = try ExampleFiles.repositoryText("\(Self.folder)/needs-agent/README.md")
        for key in ["process", "cpu", "memory", "disk", "io", "network", "clock", "host", "service", "dns"] {
            #expect(page.contains("`\(key)`"))
            let text = lose.replacing("ec2: { action: terminate }", with: "\(key): { action: any }")
            #expect(throws: ValidationFailure.self) { try ManifestReader.read(text) }
        }
    }
}
