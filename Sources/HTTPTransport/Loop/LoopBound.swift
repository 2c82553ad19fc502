// SPDX-License-Identifier: Apache-2.0

/// A value that only one loop's thread may touch, in a box that anybody may carry.
///
/// `@unchecked Sendable`: the value is given out only against the context of its own loop, and that context is not
/// `Sendable`, so whoever has it is on the loop's thread.
package final class LoopBound<Value>: @unchecked Sendable {
    private let inbox: LoopInbox
    private let value: Value

    /// The value must not be reachable by any other way.
    package init(_ value: sending Value, on loop: EventLoop) {
        inbox = loop.inbox
        self.value = value
    }

    /// The value; stops the process when the context is another loop's.
    package func value(in context: LoopContext) -> Value {
        precondition(context.inbox === inbox, "a value bound to one event loop was used on another")
        return value
    }
}
