// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser

/// `rebound-controller`
package struct ControllerCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rebound-controller",
        abstract: "Drives the runs of a store, and serves the API of a team's controller.",
        discussion: """
            Without a command it does `drive`. Exit codes: 0 ended as asked, 2 usage or configuration, 4 error.
            """,
        version: "rebound-controller " + ReboundVersion.current,
        subcommands: [
            DriveCommand.self, ServeCommand.self, CheckCommand.self, AuthorityCommand.self, ExplainCommand.self,
        ],
        defaultSubcommand: DriveCommand.self)

    package init() {}
}
