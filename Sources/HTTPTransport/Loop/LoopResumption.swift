// SPDX-License-Identifier: Apache-2.0

/// A way back to something on a loop's thread, for code that was called elsewhere.
///
/// `@unchecked Sendable`: the target is touched only in a job of the loop it lives on; when the loop is closed the job
/// does not run. The reference is weak, so the last release can happen on another thread only for a target whose
/// resources were freed by closing it.
package final class LoopResumption<Target: AnyObject>: @unchecked Sendable {
    private weak var target: Target?
    private let inbox: LoopInbox

    /// Called on the loop's thread.
    package init(_ target: Target, _ context: LoopContext) {
        self.target = target
        inbox = context.inbox
    }

    /// Runs the action there, unless the loop was closed or the target is gone.
    package func run(_ action: @escaping @Sendable (Target) -> Void) {
        _ = inbox.add { [self] _ in
            if let target { action(target) }
        }
    }
}
