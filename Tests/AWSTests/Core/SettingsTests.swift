// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("settings from environment and profile")
struct SettingsTests {
    private static let config = """
        [default]
        region = eu-central-1
        [profile lab]
        region = eu-north-1
        endpoint_url = http://profile:1
        services = lab
        max_attempts = 7
        [profile fips]
        use_fips_endpoint = true
        [services lab]
        ec2 =
          endpoint_url = http://profile-ec2:2
        sso_oidc =
          endpoint_url = http://profile-oidc:3
        """

    private func settings(_ variables: [String: String], profile: String? = nil) throws -> AWSSettings {
        let files = MemoryFiles(["/home/op/.aws/config": Self.config])
        return try AWSSettings(environment: files.environment(variables), profile: profile)
    }

    @Test(
        "the region comes from the first of: given, AWS_REGION, AWS_DEFAULT_REGION, the profile",
        arguments: [
            (["AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"], "us-west-1", "us-west-1"),
            (["AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"], nil, "us-east-1"),
            (["AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"], nil, "us-east-2"),
            ([:], nil, "eu-central-1"),
            (["AWS_PROFILE": "lab"], nil, "eu-north-1"),
        ] as [([String: String], String?, String)])
    func region(variables: [String: String], given: String?, expected: String) throws {
        #expect(try settings(variables).region(given: given) == expected)
    }

    @Test("without a region anywhere there is an error, never a default")
    func noRegion() throws {
        let settings = try AWSSettings(environment: MemoryFiles([:]).environment([:]))
        let error = #expect(throws: AWSError.self) { try settings.region(given: nil) }
        #expect(error?.code == .noRegion)
    }

    @Test(
        "an endpoint URL comes from the first of: given, service variable, common variable, services section, profile",
        arguments: [
            ([:], nil, "http://profile-ec2:2", "http://profile:1"),
            (["AWS_ENDPOINT_URL": "http://all:4"], nil, "http://all:4", "http://all:4"),
            (["AWS_ENDPOINT_URL_EC2": "http://ec2:5"], nil, "http://ec2:5", "http://profile:1"),
            (
                ["AWS_ENDPOINT_URL_EC2": "http://ec2:5", "AWS_ENDPOINT_URL": "http://all:4"], nil, "http://ec2:5",
                "http://all:4"
            ),
            (["AWS_ENDPOINT_URL": "http://all:4"], "http://given:6", "http://given:6", "http://given:6"),
            (
                ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://all:4"], nil,
                "https://ec2.eu-west-1.amazonaws.com", "https://sns.eu-west-1.amazonaws.com"
            ),
        ] as [([String: String], String?, String, String)])
    func endpointURL(variables: [String: String], given: String?, ec2: String, sns: String) throws {
        let resolver = try settings(variables, profile: "lab").endpoints(givenURL: given)
        #expect(try resolver.endpoint(for: .ec2, region: "eu-west-1").url == ec2)
        #expect(try resolver.endpoint(for: .sns, region: "eu-west-1").url == sns)
    }

    @Test(
        "every service has the variable that AWS documents",
        arguments: [
            (AWSService.ec2, "EC2"), (.autoScaling, "AUTO_SCALING"), (.elbv2, "ELASTIC_LOAD_BALANCING_V2"),
            (.sns, "SNS"), (.lambda, "LAMBDA"), (.sts, "STS"), (.cloudWatch, "CLOUDWATCH"), (.ssoPortal, "SSO"),
            (.ssoTokens, "SSO_OIDC"),
        ])
    func serviceVariable(service: AWSService, suffix: String) throws {
        let resolver = try settings(["AWS_ENDPOINT_URL_\(suffix)": "http://one:9"]).endpoints()
        #expect(try resolver.endpoint(for: service, region: "eu-west-1").url == "http://one:9")
    }

    @Test("FIPS and dual-stack come from variable or profile, and a variable that says false wins")
    func flags() throws {
        #expect(try settings([:], profile: "fips").endpoints().usesFIPS)
        #expect(try !settings(["AWS_USE_FIPS_ENDPOINT": "false"], profile: "fips").endpoints().usesFIPS)
        #expect(try settings(["AWS_USE_DUALSTACK_ENDPOINT": "TRUE"]).endpoints().usesDualStack)
        #expect(throws: AWSError.self) { try settings(["AWS_USE_FIPS_ENDPOINT": "maybe"]).endpoints() }
    }

    @Test("attempts come from variable, then profile, then are 3; other numbers are refused")
    func attempts() throws {
        #expect(try settings([:]).retryPolicy().maxAttempts == 3)
        #expect(try settings([:], profile: "lab").retryPolicy().maxAttempts == 7)
        #expect(try settings(["AWS_MAX_ATTEMPTS": "5"], profile: "lab").retryPolicy().maxAttempts == 5)
        for bad in ["0", "-1", "many", "1000"] {
            #expect(throws: AWSError.self) { try settings(["AWS_MAX_ATTEMPTS": bad]).retryPolicy() }
        }
    }

    @Test("a profile that was asked for and is not there is an error that lists those that are")
    func unknownProfile() throws {
        let error = #expect(throws: AWSError.self) { try settings(["AWS_PROFILE": "prod"]) }
        #expect(error?.message.contains("\"prod\"") == true)
        #expect(error?.hint.contains("default, fips, lab") == true)
    }

    @Test("a services section that is named and not there is an error")
    func unknownServices() throws {
        let files = MemoryFiles(["/c": "[default]\nservices = gone\n"])
        let settings = try AWSSettings(environment: files.environment(["AWS_CONFIG_FILE": "/c"]))
        #expect(throws: AWSError.self) { try settings.endpoints() }
    }
}

@Suite("the shared configuration files")
struct SharedConfigTests {
    private func parse(_ text: String) throws -> [ConfigSection] {
        try SharedConfigFile.parse(Array(text.utf8), path: "/c")
    }

    @Test("sections, comments, nested keys, CRLF, quotes and values with marks are read as AWS's tools read them")
    func reads() throws {
        let text = """
            # comment\r
            ; another\r
            [profile "my lab"]  # after a heading\r
            Region = eu-west-1\r
            aws_secret_access_key = a/b+c==#no comment\r
            s3 =\r
              addressing_style = path\r
            \tmax_concurrent_requests=3\r
            empty =\r
            [default]\r
            """
        let sections = try parse(text)
        try #require(sections.count == 2)
        #expect(sections[0].heading == ["profile", "my lab"])
        #expect(sections[0].values["region"] == "eu-west-1")
        #expect(sections[0].values["aws_secret_access_key"] == "a/b+c==#no comment")
        #expect(sections[0].nested["s3"] == ["addressing_style": "path", "max_concurrent_requests": "3"])
        #expect(sections[1].heading == ["default"])
    }

    @Test(
        "a line that is no INI is refused with file and line, and never repeated: it may hold a secret",
        arguments: [
            ("topsecret = 1", 1), ("[default]\ntopsecret", 2), ("[default]\n= topsecret", 2), ("[default\n", 1),
            ("[default]\na = topsecret\na = topsecret2", 3), ("[default]\n[default]", 2), ("[]", 1),
            ("[profile \"x]\n", 1), ("[default]\ns3 =\n  topsecret", 3), ("[default]\ntopsecret: x = 1", 2),
        ])
    func refuses(text: String, line: Int) throws {
        let error = #expect(throws: AWSError.self) { try parse(text) }
        #expect(error?.message.contains("/c line \(line) ") == true)
        #expect(error.map { "\($0)".contains("topsecret") } == false)
    }

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        #expect(throws: AWSError.self) { try SharedConfigFile.parse([0x5B, 0xFF, 0x5D], path: "/c") }
    }

    @Test("the credentials file has the word over the configuration file, key by key")
    func precedence() throws {
        let files = MemoryFiles([
            "/home/op/.aws/config": "[profile a]\nregion = eu-west-1\naws_access_key_id = FROMCONFIG\n",
            "/home/op/.aws/credentials": "[a]\naws_access_key_id = FROMCREDENTIALS\n",
        ])
        let config = try SharedConfig.load(files.environment([:]))
        #expect(config.profiles["a"]?["aws_access_key_id"] == "FROMCREDENTIALS")
        #expect(config.profiles["a"]?["region"] == "eu-west-1")
    }

    @Test("a file that cannot be read is an error that names it")
    func unreadable() throws {
        let files = MemoryFiles(["/c": "UNREADABLE"])
        let error = #expect(throws: AWSError.self) {
            try SharedConfig.load(files.environment(["AWS_CONFIG_FILE": "/c"]))
        }
        #expect(error?.message == "/c cannot be read: Permission denied.")
    }
}
