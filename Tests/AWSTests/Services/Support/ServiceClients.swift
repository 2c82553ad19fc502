// SPDX-License-Identifier: Apache-2.0
import AWS
import HTTPTransport
import Logging
import TestSupport

/// Clients that talk to a server on this machine.
enum ServiceClients {
    private static let transport: HTTPClient = {
        do { return try HTTPClient() } catch { preconditionFailure("no HTTP client: \(error)") }
    }()

    /// A client of `region`, which is a world of its own in moto. One attempt a call, and no waiting for the limiter.
    static func client(
        region: String, endpoint: String = TestSupport.MotoServer.shared.url,
        retry: RetryPolicy = RetryPolicy(maxAttempts: 1)
    ) -> AWSClient {
        let credentials = AWSCredentials(
            accessKeyID: "AKIDTEST", secretAccessKey: "secret", sessionToken: nil, expiration: nil, source: "test")
        return AWSClient(
            configuration: AWSClientConfiguration(
                region: region, credentials: StaticCredentials(credentials), transport: transport,
                endpoints: EndpointResolver(commonURL: endpoint),
                timeouts: AWSTimeouts(connect: .seconds(5), attempt: .seconds(300), call: .seconds(600)),
                retry: retry,
                limiter: RateLimiterRegistry(limits: RateLimits(ceiling: 1e6, burst: 1e6, floor: 1e6)),
                clock: SystemAWSClock(), random: { 0.5 }, logger: Logger(label: "test")))
    }
}

extension AWSClient {
    /// A query call of the test's own, to build the world that the calls under test then see.
    @discardableResult
    func set(_ service: AWSService, _ action: String, _ form: KeyValuePairs<String, String>) async throws -> String {
        let parameters = form.map { (name: $0.key, value: $0.value) }
        let call = AWSCall(service: service, action: action, payload: .form(parameters), effect: .actsOnce)
        return String(decoding: try await self.call(call).body, as: UTF8.self)
    }

    /// The same in JSON.
    func set(_ service: AWSService, _ action: String, json: String) async throws -> String {
        let call = AWSCall(service: service, action: action, payload: .json(Array(json.utf8)), effect: .actsOnce)
        return String(decoding: try await self.call(call).body, as: UTF8.self)
    }
}

extension String {
    /// What stands between the first `<tag>` and its end.
    func element(_ tag: String) throws -> String {
        guard let start = firstRange(of: "<\(tag)>"), let end = self[start.upperBound...].firstRange(of: "</\(tag)>")
        else { throw MissingElement(tag: tag, text: self) }
        return String(self[start.upperBound..<end.lowerBound])
    }
}

struct MissingElement: Error {
    var tag: String
    var text: String
}
