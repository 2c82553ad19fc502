// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("Reading XML replies")
struct XMLReaderTests {
    private struct Text: XMLDecodable {
        var text: String
        init(xml: XMLElement) throws(XMLFault) { text = xml.text }
    }

    private func fault(_ xml: String, root: StaticString = "A", limits: XMLLimits = XMLLimits()) -> XMLFault? {
        do throws(XMLFault) {
            _ = try XMLReader.read(Array(xml.utf8), root: root, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test("items come one by one, and what stands beside them stays")
    func items() throws {
        let xml = "<A><L> <i><n>1</n></i> <x>no</x>\n<i><n>2</n></i></L><t>next</t></A>"
        var seen: [String] = []
        let root = try XMLReader.read(Array(xml.utf8), root: "A", items: XMLItems(path: ["L", "i"])) { item in
            seen.append(item.text("n") ?? "")
        }
        #expect(seen == ["1", "2"])
        #expect(root.text("t") == "next")
        #expect(root.descend("L", "x")?.text == "no")
        #expect(root.descend("L", "i") == nil, "items are forgotten")
    }

    @Test("an item's name elsewhere is no item")
    func itemNamesElsewhere() throws {
        let xml = "<A><i>0</i><M><i>1</i></M><L><M><i>2</i></M><i>3<!-- c --></i></L></A>"
        var seen: [String] = []
        _ = try XMLReader.read(Array(xml.utf8), root: "A", items: XMLItems(path: ["L", "i"])) { seen.append($0.text) }
        #expect(seen == ["3"])
    }

    @Test("ignored elements take what is in them along and nothing else")
    func ignoring() throws {
        let xml = "<A><L><i>a<skip><i>b</i><L/></skip><k>c</k></i></L></A>"
        var kept: [String?] = []
        let items = XMLItems(path: ["L", "i"], ignoring: ["skip"])
        _ = try XMLReader.read(Array(xml.utf8), root: "A", items: items) { kept.append($0.text("k")) }
        #expect(kept == ["c"])
    }

    @Test("text is whole over pieces, entities, CDATA and every script")
    func text() throws {
        let long = String(repeating: "Zürich 東京 🦊 ", count: 20_000)
        let xml = "<A><t>\(long)</t><e>&lt;a&gt; &amp; &#x1F98A; <![CDATA[<raw>]]></e></A>"
        let root = try XMLReader.read(Array(xml.utf8), root: "A")
        #expect(root.text("t") == long)
        #expect(root.text("e") == "<a> & 🦊 <raw>")
    }

    @Test(
        "what is no reply is a fault that says where and why",
        arguments: [
            ("", "A", "no element found"), ("<B/>", "A", "the reply is <B>"), ("<A><b></A>", "A.b", "mismatched"),
            ("<A>\u{1}</A>", "A", "not well-formed"), ("<A/><A/>", "A", "junk"), ("{\"a\": 1}", "A", "not well-formed"),
            ("<html><body>503", "A", "the reply is <html>"),
            ("<!DOCTYPE A><A/>", "A", "document type"),
            ("<!DOCTYPE A [<!ENTITY x \"y\">]><A>&x;</A>", "A", "document type"),
            ("<!DOCTYPE A SYSTEM \"file:///etc/passwd\"><A/>", "A", "document type"),
            ("<A>&unknown;</A>", "A", "undefined entity"),
        ])
    func faults(xml: String, path: String, problem: String) throws {
        let found = try #require(fault(xml))
        #expect(found.path == path)
        #expect(found.problem.contains(problem), "\(found.problem)")
    }

    @Test(
        "of a document that breaks off, or of another kind, what stood whole before is found",
        arguments: [
            ("<E><Code>a</Code><Mess", "a"), ("<E><Code>a", nil), ("<E><Code>a</Cod", nil), ("", nil), ("{}", nil),
            ("<E><Code><x>a</x></Code><Code/><Code>b</Code></E>", "b"), ("<F><Code>a</Code></F>", nil),
            ("<x><E><y><Code>a</Code></y><Code>b&amp;c</Code></E></x>", "b&c"), ("<E><Code>a</Code>&u;</E>", "a"),
            ("<!DOCTYPE E [<!ENTITY u \"v\">]><E><Code>a&u;</Code></E>", nil),
        ])
    func salvage(xml: String, code: String?) {
        #expect(XMLReader.salvage(Array(xml.utf8))?.firstText("Code", in: "E") == code)
    }

    @Test("bytes that are not UTF-8 are a fault")
    func encoding() {
        #expect(throws: XMLFault.self) {
            try XMLReader.read(Array("<A>".utf8) + [0xFF] + Array("</A>".utf8), root: "A")
        }
        let latin = "<?xml version='1.0' encoding='ISO-8859-1'?><A>"
        #expect(throws: XMLFault.self) {
            try XMLReader.read(Array(latin.utf8) + [0xE4] + Array("</A>".utf8), root: "A")
        }
    }

    @Test("each limit holds, also inside what is ignored")
    func limits() throws {
        let limits = XMLLimits(bytes: 1000, depth: 5, elements: 9)
        let deep = "<A><b><c><d><e>"
        #expect(fault(deep + "</e></d></c></b></A>", limits: limits) == nil)
        #expect(fault(deep + "<f/></e></d></c></b></A>", limits: limits)?.problem.contains("deeper than 5") == true)
        #expect(fault("<A>" + String(repeating: "<b/>", count: 8) + "</A>", limits: limits) == nil)
        #expect(
            fault("<A>" + String(repeating: "<b/>", count: 9) + "</A>", limits: limits)?.problem.contains("9") == true)
        #expect(
            fault("<A>" + String(repeating: " ", count: 1000) + "</A>", limits: limits)?.problem.contains("1000")
                == true)
        let skipped = Array("<A><skip><c><d><e><f/></e></d></c></skip></A>".utf8)
        #expect(throws: XMLFault.self) {
            try XMLReader.read(skipped, root: "A", items: XMLItems(path: ["L"], ignoring: ["skip"]), limits: limits)
        }
    }

    @Test("the first fault of an item ends the reading")
    func receiverThrows() {
        var seen = 0
        let xml = "<A><i/><i/><i/></A>"
        let fault = #expect(throws: XMLFault.self) {
            try XMLReader.read(Array(xml.utf8), root: "A", items: XMLItems(path: ["i"])) { item throws(XMLFault) in
                seen += 1
                if seen == 2 { throw item.fault("n", "is missing") }
            }
        }
        #expect(seen == 2)
        #expect(fault == XMLFault(path: "A.i.n", problem: "is missing"))
    }

    @Test("numbers, truths and times are read whole or refused")
    func values() throws {
        let xml = "<A><n>12</n><f>0.25</f><t>true</t><d>2026-11-24T05:42:42.5Z</d><e/><bad>1x</bad></A>"
        let root = try XMLReader.read(Array(xml.utf8), root: "A")
        #expect(try root.int("n") == 12)
        #expect(try root.double("f") == 0.25)
        #expect(try root.bool("t") == true)
        #expect(try root.time("d")?.nanoseconds == 1_795_498_962_500_000_000)
        #expect(try root.int("e") == nil)
        #expect(try root.int("missing") == nil)
        #expect(throws: XMLFault(path: "A.bad", problem: "is not a whole number: \"1x\"")) { try root.int("bad") }
        #expect(throws: XMLFault(path: "A.bad", problem: "is not true or false: \"1x\"")) { try root.bool("bad") }
        #expect(throws: XMLFault(path: "A.bad", problem: "is not an ISO 8601 time: \"1x\"")) { try root.time("bad") }
        #expect(throws: XMLFault(path: "A.missing", problem: "is missing")) { try root.required("missing") }
        #expect(throws: XMLFault(path: "A.e", problem: "is empty")) { try root.requiredInt("e") }
    }
}
