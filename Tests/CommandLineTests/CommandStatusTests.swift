// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Testing

@Suite("Exit codes")
struct CommandStatusTests {
    @Test(
        "a run's verdict is its exit code, unless the undo failed",
        arguments: [
            (Verdict.pass, UndoState.clean, 0), (.pass, .none, 0), (.fail, .clean, 1), (.inconclusive, .none, 3),
            (.error, .none, 4), (nil, .none, 4), (.pass, .dirty, 5), (.fail, .dirty, 5), (.inconclusive, .dirty, 5),
            (.error, .dirty, 5), (nil, .dirty, 5),
        ] as [(Verdict?, UndoState, Int32)])
    func verdicts(verdict: Verdict?, undo: UndoState, code: Int32) {
        var run = Samples.run
        run.status?.verdict = verdict
        run.status?.undo = undo
        #expect(CommandStatus(run: run).rawValue == code)
    }

    @Test("a run without a status is an error")
    func noStatus() {
        var run = Samples.run
        run.status = nil
        #expect(CommandStatus(run: run) == .error)
    }

    @Test(
        "only an experiment that cannot be is the operator's mistake",
        arguments: [
            (ExperimentError.Code.invalid, CommandStatus.usage), (.noTargets, .error), (.guardRefused, .error),
            (.planChanged, .error), (.gateClosed, .error), (.noCredentials, .error), (.busy, .error),
        ])
    func errors(code: ExperimentError.Code, status: CommandStatus) {
        #expect(CommandFailure(ExperimentError(code, "m", hint: "h")).status == status)
    }

    @Test("a failure shows its guards and selections, then the error, then the hint")
    func failureLines() {
        let error = ExperimentError(
            .noTargets, "no target is left", hint: "Tag one.",
            guards: [
                .init(name: "optIn", passed: false, message: "0 tagged"), .init(name: "x", passed: true, message: ""),
            ],
            selections: [
                .init(
                    fault: "f", found: 1, filters: [.init(name: "optIn", removed: 1, examples: ["i-1"])], eligible: 0,
                    chosen: [])
            ])
        #expect(
            Palette(coloured: false).text(CommandFailure(error).lines) == """
                Selection
                  f: 1 found
                    -1 optIn (i-1)
                    0 eligible, 0 chosen
                Guards
                  GUARD  RESULT   WHY
                  optIn  REFUSED  0 tagged
                error: no target is left
                hint: Tag one.

                """)
    }
}
