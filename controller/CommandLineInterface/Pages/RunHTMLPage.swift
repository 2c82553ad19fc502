// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// The report of a run as one HTML file that loads nothing: the timeline drawn as SVG, then the text report.
/// The same run always gives the same bytes.
package struct RunHTMLPage {
    package var run: Run

    package init(run: Run) { self.run = run }

    package var text: String {
        let report = RunReportPage(run: run).lines.map { line in
            line.spans.map(Self.html).joined() + "\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(HTMLText.escaped(run.metadata.name))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <h1>\(HTMLText.escaped(run.spec.plan.hypothesis))</h1>
            \(RunTimelineDrawing(run: run)?.svg ?? "<p>The run has no timeline yet.</p>")
            <pre>
            \(report.joined())</pre>
            </body>
            </html>

            """
    }

    private static func html(_ span: Span) -> String {
        let text = HTMLText.escaped(span.text)
        let name = className(span.tone)
        return name.isEmpty || text.isEmpty ? text : "<span class=\"\(name)\">\(text)</span>"
    }

    private static func className(_ tone: Tone) -> String {
        switch tone {
        case .plain: ""
        case .strong: "strong"
        case .dim: "dim"
        case .good: "good"
        case .bad: "bad"
        case .warning: "warning"
        case .accent: "accent"
        }
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c2430; --paper: #ffffff; --dim: #667080; --good: #1a7f37;
          --bad: #c0262d; --warning: #9a6700; --accent: #0a5fb4; --band: #e8ecf2; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e3e8ef; --paper: #14181f; --dim: #97a1b0; --good: #4ac26b;
          --bad: #ff6a69; --warning: #d4a72c; --accent: #6cb6ff; --band: #232a35; } }
        body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
          font: 15px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.3rem; }
        pre { overflow-x: auto; font: 13px/1.45 ui-monospace, monospace; }
        svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
        svg text { fill: var(--ink); }
        .strong { font-weight: 600; } .dim { color: var(--dim); } .good { color: var(--good); }
        .bad { color: var(--bad); font-weight: 600; } .warning { color: var(--warning); }
        .accent { color: var(--accent); }
        .band { fill: var(--band); } .stripe { fill: var(--dim); opacity: 0.3; }
        .line { stroke: var(--dim); }
        .up { fill: var(--good); opacity: 0.25; }
        .outage { fill: var(--bad); } .maybe { fill: var(--bad); opacity: 0.35; }
        .gap { fill: var(--warning); opacity: 0.5; }
        .injection { stroke: var(--accent); stroke-width: 2; } .recovered { stroke: var(--good); stroke-width: 2; }
        """
}

/// Text as HTML and SVG show it.
enum HTMLText {
    static func escaped(_ text: String) -> String {
        text.printable.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
    }
}
