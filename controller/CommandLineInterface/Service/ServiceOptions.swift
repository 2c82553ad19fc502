// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ChaosModel

/// Where the settings of the service come from: a file, the environment, and a few options, the last of which wins.
struct ServiceOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The configuration file. Without one every field has its default. Its fields: `rebound explain "
                + "ControllerConfiguration`.",
            valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @Option(
        help: ArgumentHelp("Where the store and the keys are kept; overrides the file.", valueName: "path"),
        completion: .directory)
    var dataFolder: String?

    @Option(
        help: ArgumentHelp(
            "Where to listen, as address:port, several with commas; overrides the file.", valueName: "addresses"))
    var listen: String?

    /// The variables that override the file.
    private static let variables: [(variable: String, path: [String])] = [
        ("REBOUND_DATA_FOLDER", ["dataFolder"]), ("REBOUND_LISTEN", ["listen"]),
        ("REBOUND_SERVER_NAMES", ["serverNames"]), ("REBOUND_HALT_FILE", ["haltFile"]),
        ("REBOUND_OWN_INSTANCES", ["ownInstances"]), ("REBOUND_LOG", ["log", "level"]),
        ("REBOUND_LOG_FORMAT", ["log", "format"]),
    ]

    /// Reads everything, and says every problem at once.
    func settings(environment: [String: String]) throws(CommandFailure) -> ServiceSettings {
        var problems: [ValidationFailure] = []
        var layers: [ServiceSettings.Layer] = []
        func take(
            _ source: @escaping @Sendable (String) -> String,
            _ read: () throws(ValidationFailure) -> ControllerConfiguration
        ) {
            do throws(ValidationFailure) { layers.append(ServiceSettings.Layer(try read(), source: source)) } catch {
                problems.append(error)
            }
        }
        let options = [("--data-folder", ["dataFolder"], dataFolder), ("--listen", ["listen"], listen)]
        let given = options.compactMap { name, path, text in
            text.map { ConfigurationReader.Override(source: name, path: path, text: $0) }
        }
        let set = Self.variables.compactMap { variable, path in
            environment[variable].flatMap { text in
                text.isEmpty ? nil : ConfigurationReader.Override(source: variable, path: path, text: text)
            }
        }
        for overrides in [given, set] where !overrides.isEmpty {
            let names = Dictionary(uniqueKeysWithValues: overrides.map { ($0.path.joined(separator: "."), $0.source) })
            take({ names[$0] ?? "override" }) { () throws(ValidationFailure) in
                try ConfigurationReader.read(overrides: overrides)
            }
        }
        if let config {
            let bytes = try ManifestFile.bytes(of: config)
            take({ _ in config }) { () throws(ValidationFailure) in
                try ConfigurationReader.read(bytes: bytes, file: config)
            }
        }
        guard problems.isEmpty else { throw Self.failure(problems) }
        return try ServiceSettings(layers: layers, environment: environment, hostName: Requester.hostName)
    }

    private static func failure(_ failures: [ValidationFailure]) -> CommandFailure {
        let lines = failures.flatMap { failure in failure.problems.map { $0.rendered(file: failure.file) } }
        return CommandFailure(
            .usage,
            lines.count == 1 ? "1 problem in the configuration" : "\(lines.count) problems in the configuration",
            hint: "See `rebound explain ControllerConfiguration` for what may be written.",
            details: lines.map { StyledLine($0) })
    }
}
