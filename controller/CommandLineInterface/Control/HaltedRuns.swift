// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl
internal import ResourceStore

/// Puts back what halted runs hold when no process drives them.
struct HaltedRuns {
    var control: RunControl

    /// What became of one run.
    struct Outcome: Sendable {
        var name: String
        var words: String
        var tone: Tone
        var isDirty: Bool
    }

    /// All of these at the same time; returns when each is put back, or is another process's to put back.
    func putBack(_ runs: [Run]) async -> [Outcome] {
        let outcomes = await withTaskGroup(of: Outcome.self) { group in
            for run in runs { group.addTask { await putBack(run) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return outcomes.sorted { $0.name < $1.name }
    }

    private func putBack(_ run: Run) async -> Outcome {
        let name = run.metadata.name
        do {
            let undo = try await untilPutBack(run.key)
            let words = undo == .dirty ? "something could not be put back" : "everything is put back"
            return Outcome(name: name, words: words, tone: undo == .dirty ? .bad : .good, isDirty: undo == .dirty)
        } catch let error as ExperimentError where error.code == .busy {
            return Outcome(name: name, words: "put back by the process that drives it", tone: .plain, isDirty: false)
        } catch {
            let failure = CommandFailure(anything: error)
            return Outcome(name: name, words: failure.message, tone: .bad, isDirty: true)
        }
    }

    /// Drives the run until it only measures, and leaves it there for `rebound run --resume`.
    private func untilPutBack(_ key: ResourceKey) async throws -> UndoState {
        try await withThrowingTaskGroup(of: UndoState?.self) { group in
            group.addTask { try await control.drive(key).status?.undo ?? UndoState.none }
            group.addTask {
                for await progress in control.progress(key) {
                    let status = progress.run.status
                    if let status, Self.measuring.contains(status.phase) { return status.undo }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let undo = try await group.next() {
                if let undo { return undo }
            }
            return .none
        }
    }

    private static let measuring: Set<RunPhase> = [.recovering, .reporting, .done]
}
