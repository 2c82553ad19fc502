// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Remembers of all successes so far only those that can still bound the start of a coming outage.
///
/// Asked with an instant `x`, it gives the latest `begun` among the successes that had ended by `x`. A success that
/// ended later and began earlier than another is never the answer, so what is kept rises in both. Attempts begin when
/// planned or after, and `x` is the begin of a coming attempt, so of those that ended before the present plan only the
/// last is kept: as many are held as there are attempts under way at once.
struct SuccessFrontier: Sendable, Equatable {
    private var spans: [Span] = []
    private var head = 0

    /// The latest begin among successes that had ended by `instant`; nil when there is none.
    func latestBegin(endedBy instant: MonotonicInstant) -> MonotonicInstant? {
        var answer: MonotonicInstant?
        for span in spans[head...] where span.ended <= instant { answer = max(answer ?? span.begun, span.begun) }
        return answer
    }

    mutating func add(_ span: Span) {
        while spans.count > head, let last = spans.last, last.ended >= span.ended, last.begun <= span.begun {
            spans.removeLast()
        }
        var position = spans.count
        while position > head, spans[position - 1].ended > span.ended { position -= 1 }
        if position > head, spans[position - 1].begun >= span.begun { return }
        spans.insert(span, at: position)
    }

    /// Forgets what no attempt planned from now on can ask for.
    mutating func forget(before planned: MonotonicInstant) {
        while spans.count - head > 1, spans[head + 1].ended <= planned { head += 1 }
        if head > 64, head * 2 > spans.count {
            spans.removeFirst(head)
            head = 0
        }
    }

    static func == (a: Self, b: Self) -> Bool { a.spans[a.head...] == b.spans[b.head...] }
}
