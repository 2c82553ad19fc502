// SPDX-License-Identifier: Apache-2.0

/// What the file of `rebound-controller serve` says, as written. Absent fields have the values that the schema states.
package struct ControllerConfiguration: Sendable, Codable, Equatable {
    /// The `kind` of such a file.
    package static let kindName = "ControllerConfiguration"

    /// A certificate and its key, as paths of PEM files.
    package struct KeyPair: Sendable, Codable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Certificates that are brought, instead of made by the controller.
    package struct TLS: Sendable, Codable, Equatable {
        package var authority: KeyPair?
        package var server: KeyPair?

        package init() {}
    }

    /// How many runs are kept once they are done.
    package struct Keep: Sendable, Codable, Equatable {
        package var age: WrittenDuration?
        package var perExperiment: Int?

        package init(age: WrittenDuration? = nil, perExperiment: Int? = nil) {
            self.age = age
            self.perExperiment = perExperiment
        }
    }

    /// What is kept once it is over.
    package struct Retention: Sendable, Codable, Equatable {
        package var runs: Keep?

        package init() {}
    }

    /// How log lines are written.
    package enum LogFormat: String, Sendable, Codable, CaseIterable { case text, json }

    /// The levels of swift-log, the most talkative first.
    package enum LogLevel: String, Sendable, Codable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    package struct Log: Sendable, Codable, Equatable {
        package var format: LogFormat?
        package var level: LogLevel?

        package init() {}
    }

    package struct Metrics: Sendable, Codable, Equatable {
        package var enabled: Bool?

        package init() {}
    }

    package struct Audit: Sendable, Codable, Equatable {
        package var checkpointEvery: WrittenDuration?

        package init() {}
    }

    package var apiVersion = reboundAPIVersion
    package var kind = Self.kindName
    package var dataFolder: String?
    package var listen: [String]?
    package var serverNames: [String]?
    package var tls: TLS?
    package var haltFile: String?
    package var retention: Retention?
    package var audit: Audit?
    package var log: Log?
    package var metrics: Metrics?
    package var ownInstances: [String]?
    package var integrityCheck: Bool?
    package var shutdownGrace: WrittenDuration?

    package init() {}
}
