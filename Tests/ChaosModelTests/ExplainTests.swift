// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Explaining fields")
struct ExplainTests {
    @Test("a field is explained with its type, its sentence and its own fields")
    func field() throws {
        let text = try Explain.text(for: "experiment.spec.faults.ec2")
        #expect(text.hasPrefix("FIELD: experiment.spec.faults.ec2\nTYPE:  EC2Fault\n"))
        #expect(text.contains("  action*  <one of terminate, stop, reboot>\n"))
        #expect(text.contains("terminate cannot be undone"))
    }

    @Test(
        "every path is found, in any case of the kind, with and without indices",
        arguments: [
            "experiment", "Experiments", "policies", "run.status.recovery.timeToRecover.seconds",
            "run.status.injections[0].target",
            "schedule.spec.windows.days", "experiment.spec.steadyState.http.tls.verify", "run.spec.plan.limits",
            "injection.status.undo",
        ])
    func isFound(path: String) throws {
        #expect(try Explain.text(for: path).hasPrefix("FIELD: "))
    }

    @Test(
        "a wrong path gives the near miss",
        arguments: [
            ("experimnt.spec", "did you mean experiment?"),
            ("experiment.spec.fault", "did you mean experiment.spec.faults?"),
            ("experiment.spec.faults.ec2.acton", "did you mean experiment.spec.faults.ec2.action?"),
            ("experiment.spec.hypothesis.x", "has no fields"), ("experiment.spec.faults.network", "needs the agent"),
            ("", "the kinds are"), ("experiment.zzzzzz", "run `rebound explain experiment`"),
        ])
    func nearMiss(path: String, words: String) {
        #expect {
            try Explain.text(for: path)
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    @Test("every field of every kind has a sentence and an example that is itself accepted")
    func everyFieldIsDocumented() {
        for kind in ResourceKind.allCases { checkFields(of: ResourceSchema.schema(for: kind), path: kind.rawValue) }
    }

    private func checkFields(of object: ObjectSchema, path: String) {
        for field in object.fields {
            #expect(field.doc.hasSuffix(".") || field.doc.hasSuffix("…"), "\(path).\(field.name): \(field.doc)")
            if let example = field.example { checkExample(example, of: field, path: path) }
            if let inner = field.type.objectInside { checkFields(of: inner, path: "\(path).\(field.name)") }
        }
    }

    private func checkExample(_ example: String, of field: FieldSchema, path: String) {
        let (trees, problems) = ManifestReader.trees(of: "\(field.name): \(example)\n")
        #expect(problems == [], "\(path).\(field.name)")
        var check = SchemaCheck()
        var lone = field
        lone.isRequired = true
        if let tree = trees.first { check.check(tree, against: ObjectSchema("Lone", "", fields: [lone]), path: "") }
        #expect(check.problems == [], "\(path).\(field.name)")
    }
}
