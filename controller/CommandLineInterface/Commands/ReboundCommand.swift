// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel

/// The operator's command line.
package struct ReboundCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rebound",
        abstract: "Breaks machines on purpose, and measures how they come back.",
        discussion: """
            Works with the server of the current context, or, where there is none, with the store on this machine; \
            --server, --context, --store and --local choose.

            Exit codes: 0 pass, 1 fail, 2 usage or validation, 3 inconclusive, 4 error, 5 undo failed.
            """,
        version: "rebound " + ReboundVersion.current,
        subcommands: [
            InitCommand.self, RunCommand.self, PlanCommand.self, ValidateCommand.self, ExplainCommand.self,
            ApplyCommand.self, GetCommand.self, DescribeCommand.self, DeleteCommand.self, WaitCommand.self,
            LogsCommand.self, EventsCommand.self, TopCommand.self, ReportCommand.self, AbortCommand.self,
            ApproveCommand.self, HaltCommand.self, ResumeCommand.self, LoginCommand.self, WhoamiCommand.self,
            KubeconfigCommand.self, TokenCommand.self, HostCommand.self, StoreCommand.self, AuditCommand.self,
            VersionCommand.self,
            CompletionCommand.self,
        ])

    package init() {}
}

/// A command that is told everything it may use.
package protocol ContextCommand: ParsableCommand {
    /// Does the work. Throws a `CommandFailure`, or an error that one can be made of.
    func run(in context: CommandContext) async throws -> CommandStatus
}

/// The version of this program.
package enum ReboundVersion {
    package static let current = programVersion
}
