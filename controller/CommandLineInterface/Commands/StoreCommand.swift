// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import ResourceStore
internal import SQLiteStore

/// `rebound store`
package struct StoreCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Back up, restore, check and compact the embedded store.",
        subcommands: [
            StoreBackupCommand.self, StoreRestoreCommand.self, StoreCheckCommand.self, StoreCompactCommand.self,
        ])

    package init() {}
}

/// Which file the store is, where no namespace matters.
struct StoreFileOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's file. Default: rebound/rebound.db in $XDG_STATE_HOME or ~/.local/state.", valueName: "path"),
        completion: .file())
    var store: String?

    func path(_ context: CommandContext) throws(CommandFailure) -> String {
        try StorePath.resolve(option: store, environment: context.console.environment)
    }

    /// Does `body` with the store, which must be there, and closes it. The store is not read as a whole first.
    func withStore<R>(_ context: CommandContext, _ body: (SQLiteStore) async throws -> R) async throws -> R {
        let path = try path(context)
        guard StoreFile.exists(path) else {
            throw CommandFailure(
                .error, "there is no store at \(path)", hint: "Name the file of a store with --store.")
        }
        var options = SQLiteStoreOptions(environment: .system)
        options.checksIntegrity = false
        let store = try await SQLiteStore.open(path: path, options: options)
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}

/// `rebound store backup`
package struct StoreBackupCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the store into a new file, while it is in use.",
        discussion: "The copy is of one moment and is checked before it gets its name. Nothing is written over.")

    @Argument(help: ArgumentHelp("The file to make.", valueName: "file"), completion: .file())
    var destination: String

    @OptionGroup var file: StoreFileOption

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        try await file.withStore(context) { try await $0.backup(to: destination) }
        try context.console.answer("The store was copied to \(destination).\n")
        return .pass
    }
}

/// `rebound store restore`
package struct StoreRestoreCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make a store from a backup, where none is.",
        discussion: """
            Runs that were under way when the backup was made are asked to abort: what they changed is put back, and \
            nothing is harmed again. End the controller and move the old store's files away first.
            """)

    @Argument(help: ArgumentHelp("The file that `rebound store backup` made.", valueName: "file"), completion: .file())
    var backup: String

    @OptionGroup var file: StoreFileOption

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let path = try file.path(context)
        let aborted = try await SQLiteStore.restore(
            from: backup, to: path, options: SQLiteStoreOptions(environment: .system))
        try context.console.answer("The store \(path) was made from \(backup).\n")
        for run in aborted { try context.console.answer("\(run) was under way: it is asked to abort.\n") }
        return .pass
    }
}
