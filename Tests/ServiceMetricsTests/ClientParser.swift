// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reads figures with the parsers of `prometheus_client`, which we did not write.
enum ClientParser {
    struct Refused: Error { var message: String }

    /// Every sample as `name{label=value,...}` with its value and, where it has one, its exemplar; and every help text
    /// as `help NAME`.
    static func samples(of text: String, openMetrics: Bool) throws -> [String: String] {
        let process = Process()
        process.executableURL = root.appending(path: ".build/venv/bin/python3")
        process.arguments = ["-c", script, openMetrics ? "openmetrics" : "prometheus"]
        let (input, output, notices) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, notices)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        let said = try notices.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Refused(message: String(decoding: said, as: UTF8.self)) }
        return try JSONDecoder().decode([String: String].self, from: answer)
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let script = """
        import json, sys
        if sys.argv[1] == "openmetrics":
            from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
        else:
            from prometheus_client.parser import text_string_to_metric_families as parse
        found = {}
        for family in parse(sys.stdin.read()):
            found["help " + family.name] = family.documentation
            for sample in family.samples:
                labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
                value = repr(float(sample.value))
                if getattr(sample, "exemplar", None):
                    e = sample.exemplar
                    value += " " + ",".join(f"{k}={v}" for k, v in e.labels.items())
                    value += f" {float(e.value)} {float(e.timestamp)}"
                found[sample.name + ("{" + labels + "}" if labels else "")] = value
        json.dump(found, sys.stdout)
        """
}
