// SPDX-License-Identifier: Apache-2.0

/// A profile with the keys of both files; where both set a key, the credentials file has the word.
struct AWSProfile: Sendable, Equatable {
    var name: String
    var values: [String: String] = [:]

    /// The key's value; nil when it is not set or empty.
    subscript(_ key: String) -> String? {
        values[key].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// The shared configuration and credentials files.
struct SharedConfig: Sendable, Equatable {
    var profiles: [String: AWSProfile] = [:]
    /// `[sso-session name]` sections by name.
    var ssoSessions: [String: [String: String]] = [:]
    /// `[services name]` sections by name: service, key, value.
    var services: [String: [String: [String: String]]] = [:]
    /// Where the files were looked for; for error messages.
    var paths: [String] = []

    /// Reads `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or the files under `~/.aws`. A file that is not there
    /// counts as empty. Throws `.invalidConfiguration` when one cannot be read or understood.
    static func load(_ environment: AWSEnvironment) throws(AWSError) -> SharedConfig {
        var config = SharedConfig()
        for section in try sections(environment, "AWS_CONFIG_FILE", "~/.aws/config", &config) {
            config.addConfigSection(section)
        }
        for section in try sections(
            environment, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", &config)
        {
            config.addProfile(section.heading.joined(separator: " "), section.values)
        }
        return config
    }

    private static func sections(
        _ environment: AWSEnvironment, _ variable: String, _ usual: String, _ config: inout SharedConfig
    ) throws(AWSError) -> [ConfigSection] {
        guard let path = environment.expanded(environment.value(variable) ?? usual) else { return [] }
        config.paths.append(path)
        do {
            return try environment.readFile(path).map { bytes throws(AWSError) in
                try SharedConfigFile.parse(bytes, path: path)
            } ?? []
        } catch let error as AWSFileError {
            throw AWSError(
                code: .invalidConfiguration, message: "\(path) cannot be read: \(error.reason).",
                hint: "Let the user of this program read it, or unset \(variable).", service: "configuration",
                action: "read \(path)", cause: error)
        } catch let error as AWSError {
            throw error
        } catch {
            throw AWSError(
                code: .other, message: "\(path) cannot be read.", hint: "", service: "configuration",
                action: "read \(path)", cause: error)
        }
    }

    private mutating func addConfigSection(_ section: ConfigSection) {
        let name = section.heading.dropFirst().joined(separator: " ")
        switch section.heading[0] {
        case "default" where section.heading.count == 1: addProfile("default", section.values)
        case "profile" where !name.isEmpty: addProfile(name, section.values)
        case "sso-session" where !name.isEmpty: ssoSessions[name] = section.values
        case "services" where !name.isEmpty: services[name] = section.nested
        default: break  // Other tools keep their own sections here.
        }
    }

    private mutating func addProfile(_ name: String, _ values: [String: String]) {
        profiles[name, default: AWSProfile(name: name)].values.merge(values) { _, new in new }
    }
}
