// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What `rebound-controller serve` goes by: every field with its value, and where that came from.
package struct ServiceSettings: Sendable, Equatable {
    package typealias KeyPair = ControllerConfiguration.KeyPair

    package var dataFolder: String
    package var listen: [String]
    package var serverNames: [String]
    package var authority: KeyPair?
    package var server: KeyPair?
    package var haltFile: String
    package var runsKeptFor: WrittenDuration
    package var runsKept: Int
    package var checkpointEvery: WrittenDuration
    package var logFormat: ControllerConfiguration.LogFormat
    package var logLevel: ControllerConfiguration.LogLevel
    package var servesMetrics: Bool
    package var ownInstances: [String]
    package var checksIntegrity: Bool
    package var shutdownGrace: WrittenDuration
    /// `default`, the file's name, or the variable or option, by field path.
    package var sources: [String: String]

    /// The store's file.
    package var storePath: String { dataFolder + "/rebound.db" }
    package var listenAddresses: [ListenAddress] { listen.compactMap { ListenAddress($0) } }

    /// The first layer that says something about a field decides; then the default does. Throws when there is no place
    /// for the data folder.
    package init(
        layers: [Layer], environment: [String: String], hostName: String
    ) throws(CommandFailure) {
        var pick = Pick(layers: layers)
        dataFolder = try pick("dataFolder", \.dataFolder) { () throws(CommandFailure) in
            try Self.usualDataFolder(environment)
        }
        listen = pick("listen", \.listen) { ["127.0.0.1:7443"] }
        serverNames = pick("serverNames", \.serverNames) { TextRule.host.matches(hostName) ? [hostName] : [] }
        authority = pick("tls.authority", \.tls?.authority)
        server = pick("tls.server", \.tls?.server)
        let folder = dataFolder
        haltFile = pick("haltFile", \.haltFile) {
            HaltFilePath.beside(store: folder + "/rebound.db") ?? folder + "/HALT"
        }
        runsKeptFor = pick("retention.runs.age", \.retention?.runs?.age) { WrittenDuration(.seconds(90 * 86_400)) }
        runsKept = pick("retention.runs.perExperiment", \.retention?.runs?.perExperiment) { 1_000 }
        checkpointEvery = pick("audit.checkpointEvery", \.audit?.checkpointEvery) { WrittenDuration(.seconds(600)) }
        logFormat = pick("log.format", \.log?.format) { .text }
        logLevel = pick("log.level", \.log?.level) { .info }
        servesMetrics = pick("metrics.enabled", \.metrics?.enabled) { true }
        ownInstances = pick("ownInstances", \.ownInstances) { [] }
        checksIntegrity = pick("integrityCheck", \.integrityCheck) { true }
        shutdownGrace = pick("shutdownGrace", \.shutdownGrace) { WrittenDuration(.seconds(10)) }
        sources = pick.sources
    }

    /// systemd names the folder that it made for the unit (systemd.exec(5), StateDirectory=); else XDG Base Directory
    /// 0.8, as the command line has it.
    private static func usualDataFolder(_ environment: [String: String]) throws(CommandFailure) -> String {
        if let state = environment["STATE_DIRECTORY"]?.split(separator: ":").first, state.hasPrefix("/") {
            return String(state)
        }
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") { return state + "/rebound" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw CommandFailure(
                .usage, "there is no place for the data folder: neither XDG_STATE_HOME nor HOME is an absolute path",
                hint: "Give dataFolder in the configuration, or --data-folder.")
        }
        return home + "/.local/state/rebound"
    }
}

extension ServiceSettings {
    /// A configuration, and what to call its source.
    package struct Layer: Sendable {
        package var configuration: ControllerConfiguration
        /// Says where the value of a field came from.
        package var source: @Sendable (_ field: String) -> String

        package init(_ configuration: ControllerConfiguration, source: @escaping @Sendable (String) -> String) {
            self.configuration = configuration
            self.source = source
        }
    }

    /// Chooses field by field and remembers whence.
    private struct Pick {
        let layers: [Layer]
        var sources: [String: String] = [:]

        init(layers: [Layer]) { self.layers = layers }

        mutating func callAsFunction<T, Failure: Error>(
            _ field: String, _ path: KeyPath<ControllerConfiguration, T?>, usual: () throws(Failure) -> T
        ) throws(Failure) -> T {
            if let value = self(field, path) { return value }
            sources[field] = "default"
            return try usual()
        }

        mutating func callAsFunction<T>(_ field: String, _ path: KeyPath<ControllerConfiguration, T?>) -> T? {
            for layer in layers {
                guard let value = layer.configuration[keyPath: path] else { continue }
                sources[field] = layer.source(field)
                return value
            }
            return nil
        }
    }

    /// The settings as a file would say them all.
    package var configuration: ControllerConfiguration {
        var written = ControllerConfiguration()
        written.dataFolder = dataFolder
        written.listen = listen
        written.serverNames = serverNames.isEmpty ? nil : serverNames
        if authority != nil || server != nil {
            written.tls = ControllerConfiguration.TLS()
            written.tls?.authority = authority
            written.tls?.server = server
        }
        written.haltFile = haltFile
        written.retention = ControllerConfiguration.Retention()
        written.retention?.runs = ControllerConfiguration.Keep(age: runsKeptFor, perExperiment: runsKept)
        written.audit = ControllerConfiguration.Audit()
        written.audit?.checkpointEvery = checkpointEvery
        written.log = ControllerConfiguration.Log()
        written.log?.format = logFormat
        written.log?.level = logLevel
        written.metrics = ControllerConfiguration.Metrics()
        written.metrics?.enabled = servesMetrics
        written.ownInstances = ownInstances.isEmpty ? nil : ownInstances
        written.integrityCheck = checksIntegrity
        written.shutdownGrace = shutdownGrace
        return written
    }

    /// `(field, value, source)` of every field, in the order of the documents.
    package var rows: [(field: String, value: String, source: String)] {
        func text(_ pair: KeyPair?) -> String { pair.map { "\($0.certificate), \($0.key)" } ?? "none" }
        let values: [(String, String)] = [
            ("dataFolder", dataFolder), ("listen", listen.joined(separator: ", ")),
            ("serverNames", serverNames.isEmpty ? "none" : serverNames.joined(separator: ", ")),
            ("tls.authority", text(authority)), ("tls.server", text(server)), ("haltFile", haltFile),
            ("retention.runs.age", "\(runsKeptFor)"), ("retention.runs.perExperiment", "\(runsKept)"),
            ("audit.checkpointEvery", "\(checkpointEvery)"), ("log.format", logFormat.rawValue),
            ("log.level", logLevel.rawValue), ("metrics.enabled", "\(servesMetrics)"),
            ("ownInstances", ownInstances.isEmpty ? "none" : ownInstances.joined(separator: ", ")),
            ("integrityCheck", "\(checksIntegrity)"), ("shutdownGrace", "\(shutdownGrace)"),
        ]
        return values.map { ($0.0, $0.1, sources[$0.0] ?? "default") }
    }

    /// The fields in which two settings differ, in the order of the documents.
    package func changes(from earlier: Self) -> [String] {
        zip(rows, earlier.rows).filter { $0.value != $1.value }.map(\.0.field)
    }

    /// The fields that a running controller takes over; the others are for the next start.
    package static let reloadable: Set<String> = ["log.level", "retention.runs.age", "retention.runs.perExperiment"]
}
