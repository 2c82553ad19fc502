// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import FoundationEssentials
import Glibc
import HTTPTransport
import ResourceStore
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("the destinations")
struct CourierTests {
    private static func entry(_ destination: ReportDestination, _ event: ReportEventKind = .verdict) throws
        -> OutboxEntry
    {
        let run = Sample.run(Sample.experiment([]))
        let payload = ReportPayload(
            event, id: "uid-run-1/\(event.rawValue)", sequence: 1, at: .noon, run: run, injection: nil,
            status: ReportPayloadTests.status())
        return OutboxEntry(
            id: payload.id + "/0", run: run.uid, sequence: 1, event: event,
            report: ReportSpec(destination: destination),
            payload: try payload.encoded())
    }

    private static func courier(_ url: String = "http://127.0.0.1:1", ownFolder: String? = nil) throws -> Courier {
        Courier(
            connections: try Bench.connections(url), transport: testTransport, clock: HandClock(), ownFolder: ownFolder)
    }

    /// What a shell command prints.
    private static func output(of command: String) -> String {
        guard let pipe = popen(command, "r") else { return "" }
        defer { pclose(pipe) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    private static func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Glibc.write(descriptor, text, text.utf8.count)
        close(descriptor)
    }

    @Test(
        "a secret that would keep its reader waiting is refused at once", arguments: ["/dev/ptmx", "pipe", "/dev/zero"])
    func waitingSecret(path: String) async throws {
        let folder = try TestFolder()
        let place = path.hasPrefix("/") ? path : folder.path + "/" + path
        if place != path { #expect(mkfifo(place, 0o600) == 0) }
        let spec = WebhookReportSpec(url: "http://127.0.0.1:1/", secret: SecretSource(file: place))
        let failure = try await Self.courier().deliver(try Self.entry(.webhook(spec)))
        #expect(failure == "\(place) is no file that can hold a secret")
    }

    @Test("no report is written among the controller's own files, by whatever name they are called")
    func ownFolder() async throws {
        let (own, other) = (try TestFolder(), try TestFolder())
        let courier = try Self.courier(ownFolder: own.path)
        Self.write("precious", to: own.path + "/store.db")
        #expect(symlink(own.path + "/store.db", other.path + "/link") == 0)
        let name = own.path.split(separator: "/").last ?? ""
        for path in [
            own.path + "/store.db", own.path + "/new", other.path + "/link", "\(other.path)/../\(name)/new",
        ] {
            let failure = await courier.deliver(try Self.entry(.file(FileReportSpec(path: path))))
            #expect(failure?.contains("own folder") == true, "\(path)")
        }
        #expect(try String(contentsOfFile: own.path + "/store.db", encoding: .utf8) == "precious")
        #expect(access(own.path + "/new", F_OK) != 0)
        let entry = try Self.entry(.file(FileReportSpec(path: other.path + "/new")))
        #expect(await courier.deliver(entry) == nil)
    }

    @Test("a webhook's signature is what openssl makes of the time and the body")
    func signature() async throws {
        let folder = try TestFolder()
        let server = RawServer.answering(status: "204 No Content")
        let secret = "s3cret with spaces"
        Self.write(secret + "\n", to: folder.path + "/secret")
        let spec = WebhookReportSpec(
            url: server.url("/hook?token=query-key"), secret: SecretSource(file: folder.path + "/secret"))
        let entry = try Self.entry(.webhook(spec))
        #expect(try await Self.courier().deliver(entry) == nil)
        let request = try #require(server.requests.first)
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1)
        let body = String(parts[1])
        #expect(body == entry.payload)
        func header(_ name: String) -> String? {
            parts[0].split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
        #expect(header("Rebound-Event") == "verdict")
        #expect(header("Rebound-Event-ID") == entry.id)
        let signature = try #require(header("Rebound-Signature"))
        let seconds = Timestamp.noon.nanosecondsSinceEpoch / 1_000_000_000
        Self.write("\(seconds).\(body)", to: folder.path + "/signed")
        let told = Self.output(of: "openssl dgst -sha256 -hmac '\(secret)' -r \(folder.path)/signed")
        #expect(told.utf8.count > 64)
        #expect(signature == "t=\(seconds),v1=\(told.prefix(64))")
        #expect(!request.contains(secret))
    }

    @Test("a webhook that says no, or is not there, is a failure that names no secret", arguments: [true, false])
    func failures(isThere: Bool) async throws {
        let server = RawServer.answering(status: "500 No")
        let url = isThere ? server.url("/path-key") : "http://127.0.0.1:\(unusedPort())/path-key"
        let folder = try TestFolder()
        Self.write("s3cret", to: folder.path + "/secret")
        let spec = WebhookReportSpec(
            url: url.replacing("127.0.0.1", with: "user:user-key@127.0.0.1") + "?token=query-key",
            secret: SecretSource(file: folder.path + "/secret"))
        let entry = try Self.entry(.webhook(spec))
        let failure = try #require(await (try Self.courier()).deliver(entry))
        let label = entry.report.destination.label
        #expect(label.hasPrefix("webhook http://127.0.0.1:"))
        for hidden in ["s3cret", "user-key", "query-key", "path-key"] {
            #expect(
                !failure.contains(hidden) && !label.contains(hidden) && !entry.payload.contains(hidden), "\(failure)")
        }
    }

    @Test("a secret that is not there fails the delivery and names the place")
    func missingSecret() async throws {
        let courier = try Self.courier()
        let byName = SecretSource(environment: "REBOUND_TEST_NO_SUCH_SECRET")
        let byFile = SecretSource(file: "/nonexistent/secret")
        for (source, place) in [(byName, "REBOUND_TEST_NO_SUCH_SECRET"), (byFile, "/nonexistent/secret")] {
            let spec = WebhookReportSpec(url: "http://127.0.0.1:1/", secret: source)
            #expect(await courier.deliver(try Self.entry(.webhook(spec)))?.contains(place) == true)
        }
    }

    @Test("a file gets whole lines, is readable by its owner alone, and a line cut short spoils only itself")
    func file() async throws {
        let folder = try TestFolder()
        let path = folder.path + "/events.jsonl"
        let courier = try Self.courier()
        let entry = try Self.entry(.file(FileReportSpec(path: path)))
        #expect(await courier.deliver(entry) == nil)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let descriptor = open(path, O_WRONLY | O_APPEND)
        _ = Glibc.write(descriptor, "{\"cut", 5)
        close(descriptor)
        #expect(await courier.deliver(entry) == nil)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines == [Substring(entry.payload), "{\"cut", Substring(entry.payload)])
        let nowhere = try Self.entry(.file(FileReportSpec(path: folder.path + "/none/events")))
        #expect(await courier.deliver(nowhere)?.contains("No such file") == true)
    }

    @Test("a pipe that nobody reads is a failure, not a wait for ever")
    func pipe() async throws {
        let folder = try TestFolder()
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let entry = try Self.entry(.file(FileReportSpec(path: folder.path + "/pipe")))
        #expect(try await Self.courier().deliver(entry)?.contains("cannot open") == true)
    }

    @Test("SNS gets the payload with attributes to filter by, and FIFO topics the group and an id for de-duplication")
    func sns() async throws {
        let server = RawServer.answering(
            body: "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>")
        let courier = try Self.courier("http://127.0.0.1:\(server.port)")
        for name in ["chaos", "chaos.fifo"] {
            let spec = SNSReportSpec(topicArn: "arn:aws:sns:eu-central-1:123456789012:\(name)")
            #expect(await courier.deliver(try Self.entry(.sns(spec))) == nil)
        }
        let calls = server.requests.map { ReceivedCall($0) }
        #expect(calls.count == 2)
        #expect(server.requests[0].contains("/eu-central-1/sns/aws4_request"), "the topic's region, not the usual one")
        var attributes: [String: String] = [:]
        for number in 1...5 {
            let name = calls[0].form["MessageAttributes.entry.\(number).Name"] ?? ""
            attributes[name] = calls[0].form["MessageAttributes.entry.\(number).Value.StringValue"]
        }
        let expected = [
            "event": "verdict", "verdict": "pass", "experiment": "web", "severity": "info", "id": "uid-run-1/verdict",
        ]
        #expect(attributes == expected)
        #expect(calls[0].form["Subject"] == "rebound verdict web pass")
        #expect(calls[0].form["MessageGroupId"] == nil)
        #expect(calls[1].form["MessageGroupId"] == "uid-run-1")
        #expect(calls[1].form["MessageDeduplicationId"]?.utf8.count == 64)
    }

    @Test("a subject is at most 99 printable ASCII characters, whatever the experiment is called")
    func subject() throws {
        var entry = try Self.entry(.file(FileReportSpec(path: "/x")))
        let hard = String(repeating: "n\u{7}ä\n\u{7f}\u{1F600}", count: 200)
        entry.payload = entry.payload.replacing("\"experiment\":\"web\"", with: "\"experiment\":\"\(hard.debugJSON)\"")
        let subject = Courier.subject(try #require(ReportHead(entry)))
        #expect(subject.utf8.count <= 99 && subject.utf8.allSatisfy { (32...126).contains($0) })
        #expect(subject.hasPrefix("rebound verdict n"))
    }
}

extension String {
    /// As the inside of a JSON text.
    fileprivate var debugJSON: String {
        unicodeScalars.map {
            $0.value < 32 ? "\\u00" + ($0.value < 16 ? "0" : "") + String($0.value, radix: 16) : String($0)
        }
        .joined()
    }
}
