// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport
import Measurement

/// One attempt that is made in a task. Lives on the loop's thread, kept alive by its timer; ends once.
final class ActionAttempt {
    private let action: any ProbeAction
    private let context: LoopContext
    private let completion: AttemptCompletion
    private let deadline: Int64
    private var timer: LoopTimer?
    /// Cancelled when the attempt ends, by answer, deadline or the session's close.
    private var task: Task<Void, Never>?
    private var hasEnded = false

    init(
        _ action: any ProbeAction, _ timeout: Duration, _ context: LoopContext,
        _ completion: @escaping AttemptCompletion
    ) {
        self.action = action
        self.context = context
        self.completion = completion
        deadline = monotonicNanoseconds() + timeout.wholeNanoseconds
    }

    func begin() {
        timer = context.schedule(at: deadline) { [self] in end(.unknown(.actionTimedOut)) }
        let back = LoopResumption(self, context)
        task = Task { [action] in
            let outcome = await action.attempt()
            back.run { $0.end(outcome) }
        }
    }

    func end(_ outcome: ProbeOutcome) {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        task?.cancel()
        completion(outcome)
    }
}
