// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@testable import AWS

@Suite("Lambda against moto")
struct LambdaMotoTests {
    /// A server of its own: the mode is the whole server's.
    private let moto = TestSupport.MotoServer()

    private func client(_ region: String) -> AWSClient {
        ServiceClients.client(region: region, endpoint: moto.url)
    }

    /// Makes functions echo what they get, or answer what was queued, without Docker.
    private func setSimpleMode(answers: [String] = []) async throws {
        let transport = try HTTPClient()
        let texts = answers.map { "\"" + $0.replacing("\"", with: "\\\"") + "\"" }.joined(separator: ",")
        let bodies = [
            ("/moto-api/config", "{\"lambda\":{\"use_docker\":false}}"),
            ("/moto-api/static/lambda-simple/response", "{\"region\":\"eu-west-1\",\"results\":[\(texts)]}"),
        ]
        for (path, body) in bodies where path == "/moto-api/config" || !answers.isEmpty {
            var request = HTTPRequest(
                method: "POST", url: moto.url + path, timeouts: HTTPTimeouts(connect: .seconds(5), total: .seconds(30)))
            request.headers = [HTTPHeader(name: "Content-Type", value: "application/json")]
            request.body = Array(body.utf8)
            let response = try await transport.send(request)
            #expect((200..<300).contains(response.status))
        }
    }

    @Test("an answer comes back byte for byte, by name and by ARN, with a qualifier")
    func answers() async throws {
        try await setSimpleMode()
        let invoker = LambdaInvoker(client: client("eu-west-2"))
        let payload = Array("{\"text\": \"Zürich 東京 🦊\"}".utf8)
        for name in ["record", "arn:aws:lambda:eu-west-2:123456789012:function:record"] as [LambdaFunctionName] {
            let answer = try await invoker.invoke(name, qualifier: "$LATEST", payload: payload)
            #expect(answer.status == 200)
            #expect(answer.payload == payload)
        }
    }

    @Test("a queued answer is the function's, and an event is taken")
    func queued() async throws {
        try await setSimpleMode(answers: ["{\"ok\": 1}"])
        let invoker = LambdaInvoker(client: client("eu-west-1"))
        let answer = try await invoker.invoke("record", payload: Array("{}".utf8), wantsLogTail: true)
        #expect(String(decoding: answer.payload, as: UTF8.self) == "{\"ok\": 1}")
        #expect(try await invoker.invokeLater("record", payload: Array("{}".utf8)).status == 202)
    }

    @Test("a function that does not exist is not found")
    func unknownFunction() async throws {
        let invoker = LambdaInvoker(client: client("eu-west-1"))
        let error = try await #require(throws: AWSError.self) {
            try await invoker.invoke("nowhere", payload: Array("{}".utf8))
        }
        #expect(error.code == .notFound)
        #expect(error.awsCode == "ResourceNotFoundException")
        #expect(!error.mayHaveActed)
    }
}

@Suite("Lambda's answers that moto does not give")
struct LambdaShapeTests {
    private func server(_ headers: [String], _ body: String, status: String = "200 OK") -> RawServer {
        RawServer.answering(status: status, headers: headers, body: body)
    }

    @Test("a function that fails is an error with what it said")
    func functionError() async throws {
        let log = "RVJST1Igb2ggbm8="
        let server = server(
            ["X-Amz-Function-Error: Unhandled", "X-Amz-Log-Result: \(log)"],
            "{\"errorMessage\":\"oh no\",\"errorType\":\"KeyError\"}")
        defer { server.stop() }
        let invoker = LambdaInvoker(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        let error = try await #require(throws: AWSError.self) {
            try await invoker.invoke("record", payload: Array("{}".utf8), wantsLogTail: true)
        }
        #expect(error.code == .functionFailed)
        #expect(error.mayHaveActed)
        #expect(error.message.contains("oh no"))
        let failure = try #require(error.cause as? LambdaFunctionFailure)
        #expect(failure.kind == "Unhandled")
        #expect(failure.logTail == "ERROR oh no")
    }

    @Test("the call says what is wanted")
    func request() async throws {
        let server = server(["X-Amz-Executed-Version: 7"], "\"done\"")
        defer { server.stop() }
        let invoker = LambdaInvoker(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        let arn: LambdaFunctionName = "arn:aws:lambda:eu-west-1:123456789012:function:a b"
        let answer = try await invoker.invoke(arn, qualifier: "live", payload: Array("{}".utf8))
        #expect(answer.executedVersion == "7")
        #expect(answer.logTail == nil)
        _ = try await invoker.invokeLater("record", payload: Array("{}".utf8))
        let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aa%20b/invocations"
        #expect(server.requests[0].hasPrefix("POST \(path)?Qualifier=live HTTP/1.1\r\n"))
        #expect(server.requests[0].lowercased().contains("x-amz-invocation-type: requestresponse"))
        #expect(server.requests[1].lowercased().contains("x-amz-invocation-type: event"))
    }

    @Test("a payload that is too long or a name that is empty is not sent")
    func refused() async throws {
        let server = server([], "")
        defer { server.stop() }
        let invoker = LambdaInvoker(client: ServiceClients.client(region: "eu-west-1", endpoint: server.url("")))
        let long = [UInt8](repeating: 0x20, count: LambdaInvoker.mostEventBytes + 1)
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await invoker.invokeLater("record", payload: long) },
            { _ = try await invoker.invoke("", payload: []) },
        ]
        for call in calls {
            let error = try await #require(throws: AWSError.self) { try await call() }
            #expect(error.code == .invalidRequest)
        }
        #expect(server.requests.isEmpty)
    }
}
