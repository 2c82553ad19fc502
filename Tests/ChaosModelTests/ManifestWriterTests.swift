// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Writing manifests")
struct ManifestWriterTests {
    @Test("a random resource is read back the same, from JSON and from YAML", arguments: 0..<60)
    func randomRoundTrip(number: Int) throws {
        var random = RandomResources(generator: SeededGenerator(seed: SeededGenerator.seed &+ UInt64(number)))
        let experiment = random.experiment(number)
        #expect(try ManifestReader.read(try ManifestWriter.yaml(experiment)) == [.experiment(experiment)])
        #expect(try ManifestReader.read(try ManifestWriter.json(experiment)) == [.experiment(experiment)])
        let run = random.run(number)
        #expect(try ManifestReader.read(try ManifestWriter.yaml(run)) == [.run(run)])
        #expect(try ManifestReader.read(try ManifestWriter.compactJSON(run)) == [.run(run)])
    }

    @Test("an example is read back the same", arguments: ExampleFiles.names)
    func exampleRoundTrip(name: String) throws {
        let document = try #require(try ManifestReader.read(try ExampleFiles.text(name)).first)
        switch document {
        case .experiment(let resource): try check(resource, document)
        case .policy(let resource): try check(resource, document)
        case .schedule(let resource): try check(resource, document)
        case .run, .injection, .host, .namespace, .roleBinding, .clusterRoleBinding: Issue.record("no such example")
        }
    }

    private func check(_ resource: some Resource, _ document: ManifestDocument) throws {
        #expect(try ManifestReader.read(try ManifestWriter.yaml(resource)) == [document])
        #expect(try ManifestReader.read(try ManifestWriter.json(resource)) == [document])
    }

    @Test("YAML has the schema's order, and quotes only where a reader could be misled")
    func yamlForm() throws {
        var metadata = ObjectMetadata(name: "house-rules", labels: ["team": "yes", "b": "x"])
        metadata.annotations = ["note": "a: b"]
        var policy = Policy(metadata: metadata, spec: PolicySpec())
        policy.spec.allowedAccounts = ["123456789012"]
        policy.spec.denyTag = "rebound:deny"
        policy.spec.maxTargetsPerRun = 2
        #expect(
            try ManifestWriter.yaml(policy) == """
                apiVersion: rebound.chaos/v1
                kind: Policy
                metadata:
                  name: house-rules
                  labels:
                    b: x
                    team: "yes"
                  annotations:
                    note: "a: b"
                spec:
                  allowedAccounts:
                    - "123456789012"
                  maxTargetsPerRun: 2
                  denyTag: "rebound:deny"

                """)
    }

    @Test("several resources make one text of several documents")
    func severalDocuments() throws {
        let policies = ["a", "b"].map { name in
            var policy = Policy(metadata: ObjectMetadata(name: name), spec: PolicySpec())
            policy.spec.minHealthy = 2
            return policy
        }
        #expect(try ManifestReader.read(try ManifestWriter.yaml(policies)) == policies.map { .policy($0) })
    }

    @Test(
        "exponents are written out without changing the value",
        arguments: [
            ("1e-05", "0.00001"), ("1.5e+21", "1500000000000000000000"), ("-2.25e-1", "-0.225"), ("12.5e1", "125"),
            ("3", "3"),
            ("0e10", "0"), ("1.25e1", "12.5"), ("5e-324", "0." + String(repeating: "0", count: 323) + "5"),
        ])
    func exponents(text: String, plain: String) {
        #expect(PlainNumbers.plain(text) == plain)
        #expect(Double(text) == Double(PlainNumbers.plain(text)))
    }
}
