// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Reading manifests")
struct ManifestReaderTests {
    @Test("there are examples for every fault and kind")
    func examplesExist() throws {
        var faults: Set<String> = []
        var kinds: Set<ResourceKind> = []
        for name in ExampleFiles.names {
            for document in try ManifestReader.read(try ExampleFiles.text(name), file: name) {
                kinds.insert(document.key.kind)
                if case .experiment(let experiment) = document {
                    faults.formUnion(experiment.spec.faults.map(\.action.name))
                }
            }
        }
        #expect(faults == Set(PolicySchema.faultNames))
        #expect(kinds == [.experiment, .policy, .schedule])
    }

    @Test("an example is accepted", arguments: ExampleFiles.names)
    func exampleIsAccepted(name: String) throws {
        let documents = try ManifestReader.read(try ExampleFiles.text(name), file: name)
        #expect(documents.count == 1)
    }
}
