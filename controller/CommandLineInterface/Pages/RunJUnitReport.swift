// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// A run as a JUnit XML report, the form in which build servers read test results: one suite, one case for the verdict,
/// one for the undo, and one for each injection. A case is a failure when something was found to be wrong, an error
/// when it could not be told.
package struct RunJUnitReport {
    package var run: Run

    package init(run: Run) { self.run = run }

    private struct Case {
        enum Outcome {
            case passed
            case failure(String)
            case error(String)
            case skipped(String)
        }
        var name: String
        var seconds: Double
        var outcome: Outcome
    }

    package var text: String {
        let cases = cases
        let failures = cases.count { if case .failure = $0.outcome { true } else { false } }
        let errors = cases.count { if case .error = $0.outcome { true } else { false } }
        let skipped = cases.count { if case .skipped = $0.outcome { true } else { false } }
        let status = run.status
        let began = (status?.startedAt ?? run.metadata.creationTimestamp).map {
            " timestamp=\"\(Measures.moment($0))\""
        }
        let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
        let name = HTMLText.escaped(run.spec.experiment)
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        lines.append("<testsuites name=\"rebound\" \(counts) time=\"\(Measures.decimal(seconds, places: 3))\">")
        lines.append(
            "  <testsuite name=\"\(name)\" \(counts) time=\"\(Measures.decimal(seconds, places: 3))\"\(began ?? "")>")
        lines += properties + cases.flatMap(xml) + ["  </testsuite>", "</testsuites>"]
        return lines.joined(separator: "\n") + "\n"
    }

    private var seconds: Double {
        guard let start = run.status?.startedAt, let end = run.status?.endedAt else { return 0 }
        return end.since(start).inSeconds
    }

    private var properties: [String] {
        var entries = [
            ("run", run.metadata.name), ("requestedBy", run.spec.requestedBy), ("seed", "\(run.spec.seed)"),
            ("undo", run.status?.undo.rawValue ?? "none"),
        ]
        if let reason = run.spec.reason { entries.append(("reason", reason)) }
        func add(_ name: String, _ figure: Figure?) {
            guard let figure else { return }
            entries.append((name, Measures.decimal(figure.seconds, places: 3)))
        }
        add("timeToRecoverSeconds", run.status?.recovery?.timeToRecover)
        add("timeToDetectSeconds", run.status?.recovery?.timeToDetect)
        add("downtimeSeconds", run.status?.recovery?.downtime)
        let rows = entries.map { name, value in
            "      <property name=\"\(name)\" value=\"\(HTMLText.escaped(value.printable))\"/>"
        }
        return ["    <properties>"] + rows + ["    </properties>"]
    }

    private var cases: [Case] { [verdict, undo] + (run.status?.injections ?? []).map(injection) }

    private var verdict: Case {
        let reasons = (run.status?.verdictReasons ?? []).joined(separator: "\n")
        let outcome: Case.Outcome =
            switch run.status?.verdict {
            case .pass: .passed
            case .fail: .failure(reasons)
            case .inconclusive, .error: .error(reasons)
            case nil: .error("the run has no verdict yet; it is in \(run.status?.phase.rawValue ?? "Pending")")
            }
        let recovered = run.status?.recovery?.timeToRecover?.seconds ?? seconds
        return Case(name: run.spec.plan.hypothesis, seconds: recovered, outcome: outcome)
    }

    private var undo: Case {
        let outcome: Case.Outcome =
            switch run.status?.undo {
            case .clean: .passed
            case .dirty: .failure("something that was changed could not be put back, or could not be read back")
            case .some(.none), nil: .skipped("nothing was changed that could be put back")
            }
        return Case(name: "everything that was changed is put back", seconds: 0, outcome: outcome)
    }

    private func injection(_ report: InjectionReport) -> Case {
        let message = "\(report.state.rawValue)\(report.message.map { ": " + $0 } ?? "")"
        let outcome: Case.Outcome =
            switch report.state {
            case .reverted, .completed, .targetGone: .passed
            case .revertFailed, .failed, .noEffect: .failure(message)
            case .refused: .skipped(message)
            case .pending, .reserved, .announced, .armed, .acting, .accepted, .effective, .reverting: .error(message)
            }
        let held = report.effectiveAt.flatMap { since in report.revertedAt.map { $0.since(since).inSeconds } } ?? 0
        return Case(name: "\(report.fault): \(report.action) \(report.target)", seconds: held, outcome: outcome)
    }

    private func xml(_ entry: Case) -> [String] {
        let name = HTMLText.escaped(entry.name.printable)
        let suite = HTMLText.escaped(run.spec.experiment)
        let head =
            "    <testcase classname=\"\(suite)\" name=\"\(name)\" "
            + "time=\"\(Measures.decimal(entry.seconds, places: 3))\""
        func with(_ tag: String, _ text: String) -> [String] {
            let first = text.split(separator: "\n").first.map(String.init) ?? tag
            let body = text.split(separator: "\n").map { HTMLText.escaped(String($0).printable) }.joined(
                separator: "\n")
            let open = "      <\(tag) message=\"\(HTMLText.escaped(first.printable))\">"
            return [head + ">", open + body + "</\(tag)>", "    </testcase>"]
        }
        return switch entry.outcome {
        case .passed: [head + "/>"]
        case .failure(let text): with("failure", text)
        case .error(let text): with("error", text)
        case .skipped(let text):
            [head + ">", "      <skipped message=\"\(HTMLText.escaped(text.printable))\"/>", "    </testcase>"]
        }
    }
}
