// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ControllerAPI

/// The report of a run, as the command line writes it.
struct ReportText {
    var run: Run

    /// Throws when the run cannot be written as JSON.
    func text(_ format: ReportFormat) throws -> String {
        switch format {
        case .json: try DocumentWriter.json(run)
        case .text: plain
        case .html: RunHTMLPage(run: run).text
        case .markdown: markdown
        }
    }

    private var plain: String { Palette(coloured: false).text(RunReportPage(run: run).lines) }

    /// The page in a fence longer than any in it, under a heading that says how it ended.
    private var markdown: String {
        let verdict = run.status?.verdict?.rawValue ?? run.status?.phase.rawValue ?? "not started"
        let lines: [Substring] = plain.split(separator: "\n")
        let longest = lines.map { line in line.prefix { $0 == "`" }.count }.max() ?? 0
        let fence = String(repeating: "`", count: max(3, longest + 1))
        return "# \(run.metadata.name): \(verdict)\n\n\(fence)text\n\(plain)\(fence)\n"
    }
}
