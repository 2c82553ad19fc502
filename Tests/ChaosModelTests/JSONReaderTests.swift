// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ChaosModel

@Suite("Reading JSON")
struct JSONReaderTests {
    @Test("values keep their places and their digits")
    func places() throws {
        let (documents, problems) = JSONReader.read("{\n  \"a\": [1.50, \"ü\", true],\n  \"b\": null }\n{\"c\":1e3}")
        #expect(problems == [])
        #expect(documents.count == 2)
        let list = try #require(documents.first?["a"]?.items)
        #expect(list.map(\.position.column) == [9, 15, 20])
        #expect(list.map(\.position.line) == [2, 2, 2])
        #expect(list[0].numberText == "1.50")
        #expect(documents[1]["c"]?.decimal == 1_000)
    }

    @Test("every key written twice is reported")
    func duplicates() {
        let (_, problems) = JSONReader.read(#"{"a":1,"a":2,"b":{"c":1,"c":1,"c":1}}"#)
        #expect(problems.map(\.position) == [8, 25, 31])
    }

    @Test("escapes are read as RFC 8259 has them")
    func escapes() {
        let (documents, problems) = JSONReader.read(#"{"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"}"#)
        #expect(problems == [])
        #expect(documents.first?["a"]?.text == "\"\\/\u{8}\u{C}\n\r\té😀")
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "{a:1}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":NaN}",
            "{\"a\":1}}", "{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\uD800\"}", "{\"a\":\"\\u12\"}", "{\"a\":tru}",
            "{\"a\":1 // no\n}", "{\"a\":\"line\nend\"}", "[1,]", "[1 2]",
        ])
    func refused(text: String) {
        #expect(!JSONReader.read(text).problems.isEmpty)
    }
}

extension Problem {
    fileprivate var position: Int { column }
}
