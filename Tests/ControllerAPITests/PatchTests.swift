// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ControllerAPI

@Suite("Patches")
struct PatchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var document: String
        var patch: String
        /// Nil when the patch cannot be applied.
        var result: String?
        var testDescription: String { "\(document) with \(patch)" }
    }

    private static func cases(_ rows: [(String, String, String?)]) -> [Case] {
        rows.map { Case(document: $0.0, patch: $0.1, result: $0.2) }
    }

    private func tree(_ text: String) throws -> ManifestNode { try JSONDocument.read(Array(text.utf8)) }

    /// RFC 7386, appendix A.
    static let mergeVectors = cases([
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#), ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])

    @Test("a merge patch does what RFC 7386 says", arguments: mergeVectors)
    func merge(vector: Case) throws {
        let result = MergePatch.applied(try tree(vector.patch), to: try tree(vector.document))
        #expect(JSONDocument.compact(result) == vector.result)
    }

    /// RFC 6902, appendix A, and RFC 6901's escapes.
    static let jsonVectors = cases([
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"foo":"bar","baz":"qux"}"#),
        (
            #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
            #"{"foo":["bar","qux","baz"]}"#
        ),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (
            #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
            #"{"baz":"boo","foo":"bar"}"#
        ),
        (
            #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
        ),
        (
            #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            #"{"foo":["all","cows","eat","grass"]}"#
        ),
        (
            #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#
        ),
        (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, nil),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"a":{}}}]"#, #"{"foo":"bar","child":{"a":{}}}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, #"{"foo":"bar","baz":"qux"}"#),
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, nil),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, nil),
        (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["a"]}]"#, #"{"foo":["bar",["a"]]}"#),
        (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/2","value":1}]"#, nil),
        (#"{"foo":["bar"]}"#, #"[{"op":"remove","path":"/foo/01"}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"copy","from":"/foo","path":"/bar"}]"#, #"{"foo":1,"bar":1}"#),
        (#"{"foo":{"a":1}}"#, #"[{"op":"move","from":"/foo","path":"/foo/a"}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"replace","path":"/bar","value":2}]"#, nil),
        (#"{"foo":1.0}"#, #"[{"op":"test","path":"/foo","value":1}]"#, #"{"foo":1.0}"#),
        (#"{"foo":1}"#, #"[{"op":"spam","path":"/foo"}]"#, nil), (#"{"foo":1}"#, #"[{"op":"add","path":"/a"}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"remove","path":""}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"add","path":"a","value":1}]"#, nil),
        (#"{"foo":1}"#, #"[{"op":"add","path":"/~2","value":1}]"#, nil), (#"{"foo":1}"#, #"{"op":"add"}"#, nil),
    ])

    @Test("a JSON patch does what RFC 6902 says, or nothing", arguments: jsonVectors)
    func json(vector: Case) throws {
        let (patch, document) = (try tree(vector.patch), try tree(vector.document))
        guard let result = vector.result else {
            #expect(throws: JSONPatch.Failure.self) { try JSONPatch(patch).applied(to: document) }
            return
        }
        #expect(JSONDocument.compact(try JSONPatch(patch).applied(to: document)) == result)
    }

    @Test(
        "a namespace's strategic patch merges mappings, and lists as sets",
        arguments: cases([
            (#"{"a":{"b":1}}"#, #"{"a":{"c":2}}"#, #"{"a":{"b":1,"c":2}}"#),
            (#"{"f":["x"]}"#, #"{"f":["y"],"$setElementOrder/f":["x","y"]}"#, #"{"f":["x","y"]}"#),
            (#"{"f":["x","y"]}"#, #"{"$deleteFromPrimitiveList/f":["x"]}"#, #"{"f":["y"]}"#),
            (#"{"a":{"b":1}}"#, #"{"a":{"$patch":"delete"}}"#, "{}"),
            (#"{"a":{"b":1}}"#, #"{"a":{"$patch":"replace","c":2}}"#, #"{"a":{"c":2}}"#),
            (#"{"a":{"b":1}}"#, #"{"a":{"b":null}}"#, #"{"a":{}}"#),
        ]))
    func strategic(vector: Case) throws {
        let result = StrategicPatch.applied(try tree(vector.patch), to: try tree(vector.document))
        #expect(JSONDocument.compact(result) == vector.result)
    }
}
