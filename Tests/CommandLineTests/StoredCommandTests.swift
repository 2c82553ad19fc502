// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import FoundationEssentials
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization
import Testing

/// Commands run in this process on a real store, which is removed afterwards.
final class Desk: Sendable {
    let folder = "/tmp/rebound-desk-\(UUID().uuidString)"
    private let answers = Mutex("")
    private let notices = Mutex("")
    var path: String { folder + "/rebound.db" }
    var output: String { answers.withLock { $0 } }
    var errors: String { notices.withLock { $0 } }

    deinit {
        // What cannot be taken away is left; a test that never made the folder has none.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Puts the sample run into the store.
    func keepSampleRun(phase: RunPhase = .done) async throws {
        let store = try await SQLiteStore.open(path: path, options: SQLiteStoreOptions(environment: .system))
        var run = Samples.run
        run.status = nil
        var kept = try await store.create(run)
        kept.status = Samples.run.status
        kept.status?.phase = phase
        _ = try await store.updateStatus(kept)
        await store.close()
    }

    func run(_ arguments: String...) async -> CommandStatus { await perform(arguments + ["--store", path]) }

    /// The same without a store: with what the arguments say.
    func perform(_ arguments: [String]) async -> CommandStatus {
        let console = Console(
            output: .init(isTerminal: false) { [self] text in
                answers.withLock { $0 += text }
                return 0
            },
            notices: .init(isTerminal: false) { [self] text in
                notices.withLock { $0 += text }
                return 0
            }, environment: [:], size: { nil })
        let context = CommandContext(
            console: console, opening: .system(environment: [:]), signals: { AsyncStream { _ in } },
            now: { Samples.at(0) }, requestedBy: { "ana@ops-1" })
        return await CommandProgram.run(ReboundCommand.self, arguments: arguments, in: context)
    }
}

@Suite("Commands on a store")
struct StoredCommandTests {
    private let desk = Desk()
    private let name = Samples.run.metadata.name

    @Test("a store that is not there is not made by looking")
    func missing() async {
        #expect(await desk.run("get", "runs") == .error)
        #expect(desk.errors.hasPrefix("error: there is no store at \(desk.path): No such file or directory\nhint: "))
        #expect(desk.output.isEmpty)
        #expect(access(desk.folder, F_OK) == -1)
    }

    @Test("runs are listed in a table and as one document")
    func list() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("get", "runs") == .pass)
        #expect(
            desk.output.contains("\(name)  web-loses-an-instance  Done   pass     none  41.283 s (41.271 to 41.296)"))
        let other = Desk()
        try await other.keepSampleRun()
        #expect(await other.run("get", "run", "-o", "json") == .pass)
        let list = try JSONDecoder().decode(List.self, from: Data(other.output.utf8))
        #expect(list.kind == "RunList")
        #expect(list.items.map(\.metadata.name) == [name])
        #expect(list.items[0].status?.recovery == Samples.recovery)
    }

    private struct List: Decodable {
        var kind: String
        var items: [Run]
    }

    @Test("one run is one document, in JSON and in YAML")
    func one() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("get", "runs", name, "-o", "json") == .pass)
        #expect(try JSONDecoder().decode(Run.self, from: Data(desk.output.utf8)).status == Samples.run.status)
        let other = Desk()
        try await other.keepSampleRun()
        #expect(await other.run("report", name, "-o", "yaml") == .pass)
        #expect(other.output.hasPrefix("apiVersion: rebound.chaos/v1\nkind: Run\n"))
    }

    @Test("a name that is not there is an error that says where to look", arguments: ["report", "abort"])
    func unknown(command: String) async throws {
        try await desk.keepSampleRun()
        let status =
            command == "abort"
            ? await desk.run("abort", "nobody", "--reason", "x") : await desk.run(command, "nobody")
        #expect(status == .error)
        #expect(
            desk.errors == """
                error: there is no run nobody in the namespace default
                hint: The newest runs are default/\(name).

                """)
    }

    @Test("a run that is done is neither aborted nor resumed")
    func done() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("abort", name, "--reason", "x") == .error)
        #expect(desk.errors.contains("error: \(name) is done; there is nothing to abort"))
        #expect(await desk.run("run", "--resume", name) == .usage)
        #expect(desk.errors.contains("error: \(name) is done, with nothing left to continue"))
    }

    @Test("describe and report show the whole page, byte by byte")
    func pages() async throws {
        try await desk.keepSampleRun()
        #expect(await desk.run("describe", "run", name) == .pass)
        try Golden.expect(desk.output, is: "describe-run.txt")
        let other = Desk()
        try await other.keepSampleRun()
        #expect(await other.run("report", name) == .pass)
        #expect(other.output == desk.output)
    }

    @Test("the HTML report is stable, loads nothing, and escapes what comes from outside")
    func html() throws {
        var run = Samples.run
        run.spec.plan.hypothesis = "<script>alert('1')</script>\u{1b}"
        let text = RunHTMLPage(run: run).text
        #expect(!text.contains("<script") && !text.contains("http") && !text.contains("\u{1b}"))
        #expect(text.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"))
        try Golden.expect(RunHTMLPage(run: Samples.run).text, is: "report.html")
    }
}
