// SPDX-License-Identifier: Apache-2.0
package import HTTPTransport

/// What environment and profile say about region, endpoints and retries.
package struct AWSSettings: Sendable {
    package let environment: AWSEnvironment
    /// The profile in force: the one asked for, `AWS_PROFILE`, or "default".
    package let profileName: String
    /// True when the profile was asked for in code, and not by the environment.
    let isProfileGiven: Bool
    let config: SharedConfig
    let profile: AWSProfile?

    /// Reads the files once. Throws `.invalidConfiguration` when they are broken, or when a profile was asked for, here
    /// or by `AWS_PROFILE`, and there is none of that name.
    package init(environment: AWSEnvironment, profile: String? = nil) throws(AWSError) {
        self.environment = environment
        config = try SharedConfig.load(environment)
        isProfileGiven = profile != nil
        let asked = profile ?? environment.value("AWS_PROFILE") ?? environment.value("AWS_DEFAULT_PROFILE")
        profileName = asked ?? "default"
        self.profile = config.profiles[profileName]
        if let asked, self.profile == nil {
            let known = config.profiles.keys.sorted().joined(separator: ", ")
            throw AWSError(
                code: .invalidConfiguration,
                message: "There is no profile \"\(asked)\" in \(config.paths.joined(separator: " or ")).",
                hint: known.isEmpty ? "Write the profile." : "Choose one of: \(known).", service: "configuration",
                action: "profile")
        }
    }

    /// The region given, else `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`. There is no other default:
    /// without one, `.noRegion` is thrown.
    package func region(given: String?) throws(AWSError) -> String {
        if let given, !given.isEmpty { return try AWSRegionName.check(given, from: "The target") }
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let value = environment.value(name) { return try AWSRegionName.check(value, from: name) }
        }
        if let value = profile?["region"] {
            return try AWSRegionName.check(value, from: "The profile \(profileName)")
        }
        throw AWSError(
            code: .noRegion,
            message: "No region: the target names none, and AWS_REGION, AWS_DEFAULT_REGION and "
                + "the region of the profile \(profileName) are not set.",
            hint: "Name the region in the target, or set AWS_REGION.", service: "configuration", action: "region")
    }

    /// The endpoints that environment and profile ask for; a URL given in code wins over all others.
    package func endpoints(givenURL: String? = nil) throws(AWSError) -> EndpointResolver {
        var resolver = EndpointResolver()
        resolver.usesFIPS = try flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
        resolver.usesDualStack = try flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        if let givenURL {
            resolver.commonURL = givenURL
            return resolver
        }
        guard try !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") else {
            return resolver
        }
        try addProfileURLs(to: &resolver)
        if let common = environment.value("AWS_ENDPOINT_URL") {
            resolver.commonURL = common
            resolver.serviceURLs = [:]
        }
        let prefix = "AWS_ENDPOINT_URL_"
        for (name, url) in environment.variables where name.hasPrefix(prefix) && !url.isEmpty {
            resolver.serviceURLs[String(name.dropFirst(prefix.count))] = url
        }
        return resolver
    }

    private func addProfileURLs(to resolver: inout EndpointResolver) throws(AWSError) {
        resolver.commonURL = profile?["endpoint_url"]
        guard let name = profile?["services"] else { return }
        guard let services = config.services[name] else {
            throw AWSError(
                code: .invalidConfiguration,
                message: "The profile \(profileName) names services = \(name), and there is no [services \(name)].",
                hint: "Write that section, or take the line out.", service: "configuration", action: "endpoints")
        }
        for (service, values) in services {
            if let url = values["endpoint_url"], !url.isEmpty { resolver.serviceURLs[service.uppercased()] = url }
        }
    }

    /// `AWS_CA_BUNDLE` or the profile's `ca_bundle`: a file of authorities to trust instead of the system's.
    package func tls() -> TLSOptions {
        var options = TLSOptions()
        options.caFile = (environment.value("AWS_CA_BUNDLE") ?? profile?["ca_bundle"]).flatMap {
            environment.expanded($0)
        }
        return options
    }

    /// Standard mode with `AWS_MAX_ATTEMPTS` or the profile's `max_attempts`, else 3.
    package func retryPolicy() throws(AWSError) -> RetryPolicy {
        guard let text = environment.value("AWS_MAX_ATTEMPTS") ?? profile?["max_attempts"] else { return RetryPolicy() }
        guard let attempts = Int(text), (1...100).contains(attempts) else {
            throw AWSError(
                code: .invalidConfiguration, message: "AWS_MAX_ATTEMPTS (or max_attempts) is \"\(text)\".",
                hint: "Set it to a number from 1 to 100.", service: "configuration", action: "AWS_MAX_ATTEMPTS")
        }
        return RetryPolicy(maxAttempts: attempts)
    }

    private func flag(_ variable: String, _ key: String) throws(AWSError) -> Bool {
        if environment.value(variable) != nil { return try environment.flag(variable) }
        return try AWSEnvironment.flag(profile?[key], named: "\(key) of the profile \(profileName)")
    }
}
