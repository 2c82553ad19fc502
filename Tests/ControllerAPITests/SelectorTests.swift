// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore
import Testing

@testable import ControllerAPI

@Suite("Selectors")
struct SelectorTests {
    @Test(
        "a label selector takes what Kubernetes's would",
        arguments: [
            ("", ["a": "1"], true), ("a=1", ["a": "1"], true), ("a==1", ["a": "1"], true), ("a=2", ["a": "1"], false),
            ("a!=2", ["a": "1"], true), ("a!=1", ["a": "1"], false), ("a!=1", [:], true), ("a", ["a": ""], true),
            ("a", [:], false), ("!a", [:], true), ("!a", ["a": "1"], false), ("a in (1, 2)", ["a": "2"], true),
            ("a in (1,2)", [:], false), ("a notin (1,2)", ["a": "3"], true), ("a notin (1,2)", [:], true),
            ("a=1,b in (x),!c", ["a": "1", "b": "x"], true), ("a=1,b in (x),!c", ["a": "1", "b": "x", "c": ""], false),
            ("example.com/a=1", ["example.com/a": "1"], true), ("a=", ["a": ""], true), (" a = 1 ", ["a": "1"], true),
        ] as [(String, [String: String], Bool)])
    func labels(text: String, labels: [String: String], matches: Bool) throws {
        #expect(try LabelSelector(text).matches(labels) == matches)
    }

    @Test(
        "a label selector that is none is refused",
        arguments: ["(", "a in", "a in (1", "a within (1)", ",", "a=1,,b", "a b", "a=b=c d", "=1", "a in (b) c"])
    func brokenLabels(text: String) {
        #expect(throws: StatusError.self) { try LabelSelector(text) }
    }

    @Test(
        "a field selector reads values with escapes",
        arguments: [
            ("metadata.name=x", "metadata.name", "x", true), ("metadata.name==x", "metadata.name", "x", true),
            ("metadata.name!=x", "metadata.name", "x", false),
            (#"metadata.name=a\,b\=c"#, "metadata.name", "a,b=c", true),
            ("metadata.name=", "metadata.name", "", true),
        ])
    func fields(text: String, path: String, value: String, isEqual: Bool) throws {
        let found = try FieldSelector(text, selectable: ["metadata.name"]).requirements
        #expect(found == [FieldRequirement(path, isEqual: isEqual, to: value)])
    }

    @Test("a field that cannot be selected by is refused with those that can")
    func unknownField() {
        let error = #expect(throws: StatusError.self) {
            try FieldSelector("spec.x=1", selectable: FieldRequirement.selectable(.run))
        }
        #expect(error?.message.contains("status.phase") == true)
    }

    @Test("a watch with a selector sees what begins and what ceases to match")
    func transitions() throws {
        let options = try ListOptions(#require(QueryParameters("labelSelector=a%3D1")), selectable: [])
        let key = ResourceKey(kind: .experiment, namespace: "default", name: "x")
        var version = 0
        func document(_ label: String) -> StoredDocument {
            version += 1
            return StoredDocument(
                key: key, uid: "u", resourceVersion: String(version),
                json: Array(#"{"metadata":{"labels":{"a":"\#(label)"}}}"#.utf8))
        }
        var selection = WatchSelection(options, matching: [], trees: DocumentTrees())
        #expect(try selection.type(of: .added, document("2")) == nil)
        #expect(try selection.type(of: .modified, document("1")) == "ADDED")
        #expect(try selection.type(of: .modified, document("1")) == "MODIFIED")
        #expect(try selection.type(of: .modified, document("2")) == "DELETED")
        #expect(try selection.type(of: .modified, document("2")) == nil)
        #expect(try selection.type(of: .deleted, document("2")) == nil)
    }
}
