// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import HTTPTransport

/// Compares bodies with what a probe expects.
struct BodyJudge: Sendable {
    /// What a comparison gave.
    enum Verdict: Sendable, Equatable {
        case fits
        case differs(String)
        /// The comparison itself failed.
        case broken(String)
    }

    private enum Expectation: Sendable {
        case nothing
        case contains([UInt8])
        case equals([UInt8])
        case pattern(PatternMatcher)
    }

    private let expectation: Expectation

    init(_ match: BodyMatch?, name: String) throws(ProbeError) {
        let wanted = [match?.contains, match?.equals, match?.regex].compactMap { $0 }
        guard wanted.count <= 1 else {
            throw .invalidSpec(
                name, "its match has \(wanted.count) conditions", hint: "Give one of contains, equals and regex.")
        }
        if let text = match?.contains {
            expectation = .contains(Array(text.utf8))
        } else if let text = match?.equals {
            expectation = .equals(Array(text.utf8))
        } else if let pattern = match?.regex {
            expectation = .pattern(try PatternMatcher(pattern, name: name))
        } else {
            expectation = .nothing
        }
    }

    /// Calls `completion` on the loop's thread, for a pattern after the matching thread has looked.
    func judge(_ body: [UInt8], in context: LoopContext, _ completion: @escaping (Verdict) -> Void) {
        switch expectation {
        case .nothing:
            completion(.fits)
        case .contains(let part):
            let isThere = body.count >= part.count && contains(part, in: body)
            completion(isThere ? .fits : .differs("a body of \(body.count) bytes without the wanted text"))
        case .equals(let whole):
            completion(body == whole ? .fits : .differs("another body, of \(body.count) bytes"))
        case .pattern(let matcher):
            matcher.judge(body, in: context, completion)
        }
    }

    private func contains(_ part: [UInt8], in body: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        return body.withUnsafeBufferPointer { body in
            var at = 0
            while at + part.count <= body.count {
                if body[at] == first, body[at..<at + part.count].elementsEqual(part) { return true }
                at += 1
            }
            return false
        }
    }
}

/// A regular expression, compiled once, on a thread of its own: a pattern that takes forever on some body holds up
/// neither the clock nor another probe, only this probe's judgements, and then its slots are missed by name.
final class PatternMatcher: Sendable {
    private let loop: EventLoop
    private let regex: LoopBound<Regex<AnyRegexOutput>>

    init(_ pattern: String, name: String) throws(ProbeError) {
        let loop: EventLoop
        do throws(TransportError) {
            loop = try EventLoop(threadName: "probe-pattern")
        } catch {
            throw ProbeError(.outOfResources, message: error.message, hint: error.hint, cause: error)
        }
        do {
            regex = LoopBound(try Regex(pattern), on: loop)
        } catch {
            throw .invalidSpec(
                name, "its regex \(pattern.debugDescription) is none: \(error)",
                hint: "Correct match.regex; it must match the whole body.", cause: error)
        }
        self.loop = loop
    }

    func judge(_ body: [UInt8], in context: LoopContext, _ completion: @escaping (BodyJudge.Verdict) -> Void) {
        let answer = Answer(completion)
        // The closure keeps the answer alive until it was given: the way back holds it weakly.
        let back = LoopResumption(answer, context)
        answer.keep = answer
        let isAccepted = loop.execute { [regex] context in
            let verdict = Self.compare(String(decoding: body, as: UTF8.self), regex.value(in: context))
            back.run { $0.give(verdict) }
        }
        if !isAccepted { answer.give(.broken("the matching thread has ended")) }
    }

    private static func compare(_ text: String, _ regex: Regex<AnyRegexOutput>) -> BodyJudge.Verdict {
        do {
            return try regex.wholeMatch(in: text) == nil
                ? .differs("a body of \(text.utf8.count) bytes that does not match") : .fits
        } catch {
            return .broken("the pattern failed: \(error)")
        }
    }

    /// A completion that waits on its own loop for a verdict from the other thread.
    private final class Answer {
        private let completion: (BodyJudge.Verdict) -> Void
        var keep: Answer?

        init(_ completion: @escaping (BodyJudge.Verdict) -> Void) { self.completion = completion }

        func give(_ verdict: BodyJudge.Verdict) {
            keep = nil
            completion(verdict)
        }
    }
}
