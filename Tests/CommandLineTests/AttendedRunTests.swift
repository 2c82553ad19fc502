// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ExperimentControl
import Synchronization
import Testing

/// A controller that does what the test says; it records what it was asked.
private final class ScriptedControl: Sendable {
    struct Refused: Error {}
    let aborts = Mutex<[AbortRequest]>([])
    let refusals: Mutex<Int>
    private let aborted: AsyncStream<Void>
    private let abortedInput: AsyncStream<Void>.Continuation

    init(refusing refusals: Int = 0) {
        self.refusals = Mutex(refusals)
        (aborted, abortedInput) = AsyncStream.makeStream()
    }

    /// A run that ends only when it is aborted.
    var control: RunControl {
        RunControl(
            plan: { _, _, _ in throw Refused() }, submit: { _ in throw Refused() },
            drive: { [self] _ in
                for await _ in aborted { break }
                try Task.checkCancellation()
                return Samples.run
            }, driveAll: {},
            abort: { [self] _, request in
                let refuses = refusals.withLock { left in
                    defer { left -= 1 }
                    return left > 0
                }
                if refuses { throw Refused() }
                aborts.withLock { $0.append(request) }
                abortedInput.yield()
            },
            approve: { _, _, _ in throw Refused() }, halt: { _, _ in throw Refused() },
            resume: { _, _ in throw Refused() },
            progress: { _ in AsyncStream { _ in } })
    }
}

/// Collects what is written.
private final class Written: Sendable {
    let text = Mutex("")
    private let (arrivals, input) = AsyncStream.makeStream(of: Void.self)

    var console: Console {
        let stream = Console.Stream(isTerminal: false) { [self] text in
            self.text.withLock { $0 += text }
            input.yield()
            return 0
        }
        return Console(output: stream, notices: stream, environment: [:], size: { nil })
    }

    /// Returns once something was written that contains `part`.
    func wait(for part: String) async {
        if text.withLock({ $0.contains(part) }) { return }
        for await _ in arrivals where text.withLock({ $0.contains(part) }) { return }
    }
}

@Suite("Interrupting a run")
struct AttendedRunTests {
    private let written = Written()
    private let signals: AsyncStream<Int32>
    private let send: AsyncStream<Int32>.Continuation
    private let logs = AsyncStream<LogLine> { _ in }

    init() { (signals, send) = AsyncStream.makeStream() }

    private func session(_ scripted: ScriptedControl) -> AttendedRun {
        AttendedRun(
            control: scripted.control, display: RunDisplay(console: written.console, style: .lines, noColor: true),
            signals: signals, logs: logs, requestedBy: "ana@ops-1", now: { Samples.at(0) })
    }

    @Test("aborts the run once, and the second time changes nothing", arguments: [2, 15, 1] as [Int32])
    func aborts(signal: Int32) async throws {
        let scripted = ScriptedControl()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        var control = scripted.control
        let drive = control.drive
        // The run goes on after the abort until the second interrupt was answered.
        control.drive = { key in
            let run = try await drive(key)
            for await _ in gate { break }
            return run
        }
        var session = session(scripted)
        session.control = control
        async let ended = session.perform { Samples.run }
        send.yield(signal)
        await written.wait(for: "what was changed is being undone")
        send.yield(signal)
        await written.wait(for: "already aborting, the undo is running")
        open.yield()
        #expect(try await ended == Samples.run)
        #expect(scripted.aborts.withLock { $0.map(\.requestedBy) } == ["ana@ops-1"])
    }

    @Test("stops planning while there is no run")
    func planning() async throws {
        let session = session(ScriptedControl())
        let endless = AsyncStream<Void> { _ in }
        send.yield(2)
        let failure = await #expect(throws: CommandFailure.self) {
            try await session.perform {
                for await _ in endless {}
                try Task.checkCancellation()
                return Samples.run
            }
        }
        #expect(failure?.message == "interrupted while planning")
        #expect(failure?.status == .error)
    }

    @Test("aborts a run that came to be although planning was interrupted")
    func tooLate() async throws {
        let scripted = ScriptedControl()
        let session = session(scripted)
        let written = written
        async let ended = session.perform {
            // Not to be cancelled, as a store that has begun to write.
            await Task { await written.wait(for: "planning is stopped") }.value
            return Samples.run
        }
        send.yield(2)
        _ = try await ended
        #expect(scripted.aborts.withLock { $0.map(\.reason) } == ["interrupted while planning"])
    }

    @Test("an abort that was not recorded is said, and can be tried again")
    func refusedAbort() async throws {
        let scripted = ScriptedControl(refusing: 1)
        let session = session(scripted)
        async let ended = session.perform { Samples.run }
        send.yield(15)
        await written.wait(for: "interrupt again to try again")
        send.yield(15)
        _ = try await ended
        #expect(scripted.aborts.withLock(\.count) == 1)
    }

    @Test("a run that cannot be driven ends the session with its error")
    func driveFails() async {
        var session = session(ScriptedControl())
        session.control.drive = { _ in throw ExperimentError(.busy, "another process drives it", hint: "Wait.") }
        let failing = session
        await #expect(throws: ExperimentError.self) { try await failing.perform { Samples.run } }
    }
}
