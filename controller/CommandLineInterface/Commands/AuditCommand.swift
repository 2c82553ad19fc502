// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore
internal import SQLiteStore

/// `rebound audit`
package struct AuditCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show the audit of the embedded store, and verify that nobody changed it.",
        subcommands: [AuditVerifyCommand.self, AuditShowCommand.self])

    package init() {}
}

/// `rebound audit verify`
package struct AuditVerifyCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Find any record that was changed, removed, put in or moved.",
        discussion: """
            Ends with 1 and names the first bad record. The end of the chain is printed; kept somewhere else and given \
            with --head later, it shows whether records were removed from the end, or the whole chain made anew.
            """)

    @Option(help: ArgumentHelp("An earlier end of the chain, as it was printed. May be repeated.", valueName: "head"))
    var head: [String] = []

    @OptionGroup var file: StoreFileOption
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    private struct Answer: Encodable {
        var isSound: Bool
        var records: Int64
        var checkpoints: Int
        var head: String
        var firstBad: Int64?
        var problem: String?
    }

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let kept = try head.map { text throws(CommandFailure) in
            guard let head = AuditHead(text) else {
                throw CommandFailure(
                    .usage, "--head is \(text), which is no end of a chain",
                    hint: "Give it as `rebound audit verify` printed it: NUMBER:64 HEXADECIMAL DIGITS.")
            }
            return head
        }
        let (checked, finding) = try await file.withStore(context) { store in
            try await store.verifyAudit(AuditVerification(digest: store.auditDigest, kept: kept))
        }
        let answer = Answer(
            isSound: finding == nil, records: checked.head.sequence, checkpoints: checked.checkpoints,
            head: checked.head.description, firstBad: finding?.sequence, problem: finding?.message)
        try outputOptions.answer(answer, on: context.console) {
            guard let finding else {
                return [
                    StyledLine("sound: \(answer.records) records, \(answer.checkpoints) checkpoints"),
                    StyledLine("head \(answer.head)"),
                ]
            }
            return [StyledLine("BAD at record \(finding.sequence): \(finding.message)")]
        }
        return finding == nil ? .pass : .fail
    }
}

/// `rebound audit show`
package struct AuditShowCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what was done, by whom, and why.")

    @Option(help: ArgumentHelp("Show records after this one.", valueName: "number"))
    var after: Int64 = 0

    @Option(help: ArgumentHelp("At most so many.", valueName: "count"))
    var limit = 1_000

    @Option(help: ArgumentHelp("Only records whose object holds this.", valueName: "text"))
    var object: String?

    @OptionGroup var file: StoreFileOption
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard limit > 0 else { throw CommandFailure(.usage, "--limit is \(limit)", hint: "Give 1 or more.") }
        let entries = try await file.withStore(context) { try await found(in: $0) }
        try outputOptions.answer(entries, on: context.console) {
            var table = TextTable(["#", "AT", "WHO", "DID", "TO", "RESULT", "WHY"])
            for entry in entries {
                let cells = [
                    "\(entry.sequence)", entry.at.description, entry.origin.actor, entry.action, entry.object,
                    entry.result, entry.origin.reason ?? "",
                ]
                table.rows.append(cells.map { StyledLine($0) })
            }
            return table.lines()
        }
        return .pass
    }

    private func found(in store: SQLiteStore) async throws -> [AuditEntry] {
        var found: [AuditEntry] = []
        var place = after
        while found.count < limit {
            let page = try await store.auditEntries(after: place, limit: 1_000)
            guard let last = page.last else { break }
            place = last.sequence
            for chained in page where found.count < limit {
                guard let entry = try? AuditChain.entry(of: chained) else {
                    throw CommandFailure(
                        .error, "record \(chained.sequence) is not readable", hint: "Run `rebound audit verify`.")
                }
                if object.map({ entry.object.contains($0) }) ?? true { found.append(entry) }
            }
        }
        return found
    }
}
