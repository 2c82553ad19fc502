// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import TestSupport
import Testing

@testable import ExperimentControl

/// Checks documents against `docs/schemas/report-event.json` with Python's jsonschema. The schema's parts that runs
/// have too are those of `run.json`; REBOUND_WRITE_DOCS=1 takes them over anew.
@Suite("the schema of reports")
struct ReportSchemaTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Prints one line for each document in a file of JSON lines: `ok`, or what the schema says of it.
    private static let program = """
        import json, os, re, sys
        from jsonschema import Draft202012Validator, FormatChecker
        root, documents = sys.argv[1:]
        schema = json.load(open(root + "/docs/schemas/report-event.json"))
        run = json.load(open(root + "/docs/schemas/run.json"))["$defs"]
        Draft202012Validator.check_schema(schema)
        parts = {name: part for name, part in schema["$defs"].items() if name not in run}
        missing = True
        while missing:
            named = re.findall(r'"#/[$]defs/(\\w+)"', json.dumps([schema["properties"], parts]))
            missing = sorted(set(named) - set(parts))
            parts.update({name: run[name] for name in missing})
        if parts != schema["$defs"]:
            schema["$defs"] = dict(sorted(parts.items()))
            if os.environ.get("REBOUND_WRITE_DOCS") == "1":
                with open(root + "/docs/schemas/report-event.json", "w") as file:
                    file.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\\n")
            else:
                print("report-event.json is old: run the tests with REBOUND_WRITE_DOCS=1")
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        for line in open(documents):
            errors = [e.json_path + ": " + e.message[:200] for e in validator.iter_errors(json.loads(line))]
            print("; ".join(errors) or "ok")
        """

    private static func answers(_ documents: [String]) throws -> [String] {
        let folder = try TestFolder()
        for (name, text) in [("check.py", program), ("documents", documents.joined(separator: "\n") + "\n")] {
            let file = try #require(fopen(folder.path + "/" + name, "w"))
            fputs(text, file)
            fclose(file)
        }
        let command = "'\(MotoServer.python)' \(folder.path)/check.py '\(root)' \(folder.path)/documents 2>&1"
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 65_536)
        while fgets(&buffer, Int32(buffer.count), pipe) != nil {
            let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: bytes, as: UTF8.self))
        }
        return lines
    }

    @Test("every kind of event that runs make is as the schema says")
    func valid() throws {
        let documents = try ReportPayloadTests.all().map { try $0.encoded() }
        #expect(try Self.answers(documents) == documents.map { _ in "ok" })
    }

    @Test("the schema refuses what is not so")
    func invalid() throws {
        let payload = try #require(ReportPayloadTests.all().first)
        let text = try payload.encoded()
        let documents = [
            text.replacing("\"event\":\"planned\"", with: "\"event\":\"boom\""),
            text.replacing("\"sequence\":3", with: "\"sequence\":\"3\""),
            text.replacing("\"severity\":\"info\",", with: ""),
            text.replacing("\"id\":", with: "\"unheard\":1,\"id\":"),
        ]
        let answers = try Self.answers(documents)
        #expect(answers.count == 4)
        #expect(!answers.contains("ok"), "\(answers)")
    }
}
