// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Digests
internal import Identity
internal import ResourceStore

/// `rebound audit`
package struct AuditCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show what was done, by whom, and verify that nobody changed the record of it.",
        subcommands: [AuditVerifyCommand.self, AuditShowCommand.self])

    package init() {}
}

/// `rebound audit verify`
package struct AuditVerifyCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Find any record that was changed, removed, put in or moved.",
        discussion: """
            Ends with 1 and names the first bad record. The end of the chain is printed; kept somewhere else and given \
            with --head later, it shows whether records were removed from the end, or the whole chain made anew. The \
            signatures of checkpoints are judged by the keys given with --key; without any, by those that the server \
            tells, or that lie beside the store: a keeper of the audit who cheats can tell you a key of his own.
            """)

    @Option(help: ArgumentHelp("An earlier end of the chain, as it was printed. May be repeated.", valueName: "head"))
    var head: [String] = []

    @Option(
        help: ArgumentHelp(
            "A PEM file with a public key to judge checkpoints by, such as a copy of identity/signing.pub that you "
                + "keep. May be repeated.", valueName: "file"),
        completion: .file())
    var key: [String] = []

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    private struct Answer: Encodable, Sendable {
        var isSound: Bool
        var records: Int64
        var checkpoints: Int
        var head: String
        /// The last record that a good signature covers; nil when there is none, or no key to judge it by.
        var signedUpTo: Int64?
        /// The keys that the checkpoints were judged by.
        var keys: [String]
        /// Whether those were given, and not told by the keeper of the audit.
        var keysArePinned: Bool
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
        let pinned = try key.map { path throws(CommandFailure) in try Self.publicKey(path) }
        let answer = try await context.withAudit(place) { pages in
            let keys = pinned.isEmpty ? try await pages.claimedKeys() : pinned
            var verification = AuditVerification(
                digest: { SHA256.digest($0) }, kept: kept, checkSignature: keys.isEmpty ? nil : Self.judge(by: keys))
            let finding = try await verification.checkAll { try await pages.entries(after: $0) }
            return Answer(
                isSound: finding == nil, records: verification.head.sequence, checkpoints: verification.checkpoints,
                head: verification.head.description, signedUpTo: verification.lastSigned?.sequence,
                keys: keys.map(\.id), keysArePinned: !pinned.isEmpty, firstBad: finding?.sequence,
                problem: finding?.message)
        }
        try outputOptions.answer(answer, on: context.console) { Self.page(answer) }
        return answer.isSound ? .pass : .fail
    }

    private static func page(_ answer: Answer) -> [StyledLine] {
        if let bad = answer.firstBad { return [StyledLine("BAD at record \(bad): \(answer.problem ?? "")")] }
        var lines = [
            StyledLine("sound: \(answer.records) records, \(answer.checkpoints) checkpoints"),
            StyledLine("head \(answer.head)"),
        ]
        if let signed = answer.signedUpTo {
            let keys = answer.keys.joined(separator: ", ")
            let whose = answer.keysArePinned ? "which you gave" : "as the keeper of the audit tells; pin it with --key"
            lines.append(StyledLine("signed up to record \(signed) by \(keys), \(whose)"))
        } else if answer.checkpoints > 0 {
            lines.append(StyledLine("the signatures were not judged: give a public key with --key", .warning))
        }
        return lines
    }

    private static func publicKey(_ path: String) throws(CommandFailure) -> PublicKey {
        let bytes = try FileBytes.read(path)
        do throws(IdentityError) { return try PublicKey(pem: bytes, name: path) } catch {
            throw CommandFailure(.usage, error.message, hint: error.hint)
        }
    }

    /// A signature that cannot even be looked at is not good.
    private static func judge(by keys: [PublicKey]) -> AuditVerification.CheckSignature {
        { id, message, signature in
            guard let key = keys.first(where: { $0.id == id }) else { return nil }
            return (try? key.accepts(signature, over: message)) ?? false
        }
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

    @OptionGroup var place: PlaceOptions
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        guard limit > 0 else { throw CommandFailure(.usage, "--limit is \(limit)", hint: "Give 1 or more.") }
        let entries = try await context.withAudit(place) { try await found(in: $0) }
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

    private func found(in pages: any AuditPages) async throws -> [AuditEntry] {
        var found: [AuditEntry] = []
        var reached = after
        while found.count < limit {
            let page = try await pages.entries(after: reached)
            guard let last = page.last else { break }
            reached = last.sequence
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
