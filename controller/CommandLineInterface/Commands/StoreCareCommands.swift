// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore
internal import SQLiteStore

/// `rebound store check`
package struct StoreCheckCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read the whole store and say whether it is sound.",
        discussion: "Ends with 1 when it is damaged. `rebound audit verify` checks the audit in it.")

    @OptionGroup var file: StoreFileOption
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let found = try await file.withStore(context) { try await $0.check() }
        try outputOptions.answer(found, on: context.console) {
            var lines = [
                StyledLine(found.damage.map { "damaged: \($0)" } ?? "sound"),
                StyledLine(
                    "schema version \(found.schemaVersion), \(found.bytes) bytes, \(found.freeBytes) of them free"),
                StyledLine("\(found.changes) changes kept, \(found.auditRecords) audit records"),
            ]
            for (kind, count) in found.resources.sorted(by: { $0.key < $1.key }) {
                lines.append(StyledLine("\(kind): \(count)"))
            }
            return lines
        }
        return found.damage == nil ? .pass : .fail
    }
}

/// `rebound store compact`
package struct StoreCompactCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "compact", abstract: "Remove old runs and changes, and give the room back.",
        discussion: """
            Never removed: a run that is under way, one whose undo failed and was not acknowledged (annotation \
            rebound.chaos/undo-acknowledged), and one whose reports are not delivered yet. With neither --runs-for nor \
            --runs-per-experiment no run is removed.
            """)

    @Option(help: ArgumentHelp("Keep done runs so long after their end, like 90d.", valueName: "duration"))
    var runsFor: String?

    @Option(help: ArgumentHelp("Keep the newest done runs of each experiment.", valueName: "count"))
    var runsPerExperiment: Int?

    @Option(help: ArgumentHelp("Keep changes so long for watchers that fall behind.", valueName: "duration"))
    var changesFor = "1h"

    @Flag(help: "Only say which runs would go.")
    var dryRun = false

    @OptionGroup var file: StoreFileOption
    @OptionGroup var outputOptions: OutputOptions

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let policy = try policy()
        return try await file.withStore(context) { store in
            if dryRun {
                let due = try await store.runsDue(policy).map(\.key.description)
                try outputOptions.answer(due, on: context.console) { due.map { StyledLine("\($0) would go") } }
                return .pass
            }
            guard let report = try await store.upkeep(policy, holder: "rebound-store-compact-\(context.requestedBy())")
            else {
                throw CommandFailure(
                    .error, "another process is compacting this store", hint: "Wait until it is done.")
            }
            try outputOptions.answer(report, on: context.console) {
                report.runsRemoved.map { StyledLine("\($0) is gone") } + [
                    StyledLine("\(report.changesRemoved) changes removed"),
                    StyledLine("\(report.bytesBefore) bytes before, \(report.bytesAfter) after"),
                ]
            }
            return .pass
        }
    }

    private func policy() throws(CommandFailure) -> RetentionPolicy {
        if let count = runsPerExperiment, count < 0 {
            throw CommandFailure(.usage, "--runs-per-experiment is \(count)", hint: "Give 0 or more.")
        }
        return RetentionPolicy(
            runsFor: try runsFor.map { text throws(CommandFailure) in try Self.duration(text, "--runs-for") },
            runsPerExperiment: runsPerExperiment, changesFor: try Self.duration(changesFor, "--changes-for"))
    }

    private static func duration(_ text: String, _ option: String) throws(CommandFailure) -> Duration {
        if let written = WrittenDuration(text), written.duration >= .zero { return written.duration }
        throw CommandFailure(
            .usage, "\(option) is \(text), which is no duration", hint: "Write one like 90m, 36h or 90d.")
    }
}
