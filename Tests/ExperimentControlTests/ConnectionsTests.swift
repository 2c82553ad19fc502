// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Testing

@testable import AWS
@testable import ExperimentControl

@Suite("Connections to AWS")
struct ConnectionsTests {
    @Test("keys that come to be another account's are known as that account's")
    func otherKeys() async throws {
        let bench = try await Bench(World())
        let connections = try keysOfAProcess(bench)
        let scope = AWSScope(region: "eu-west-1", assumeRole: nil)
        #expect(try await connections.account(for: scope) == Sample.account)
        let asked = calls(bench)
        #expect(try await connections.account(for: scope) == Sample.account)
        #expect(calls(bench) == asked, "the same key is asked about once")
        bench.aws.world.account = "999999999999"
        try hand(out: "AKIDOTHER", bench)
        var seen = Sample.account
        for _ in 0..<500 where seen == Sample.account {
            seen = try await connections.account(for: scope)
            try await Task.sleep(for: .milliseconds(10))  // The process is asked again when its keys run out.
        }
        #expect(seen == "999999999999")
    }

    private func calls(_ bench: Bench) -> Int { bench.aws.count("GetCallerIdentity") }

    /// Keys that are good for two seconds, as a process writes them.
    private func hand(out key: String, _ bench: Bench) throws {
        let end = SystemControlClock().wall().advanced(by: .seconds(2))
        try write(
            """
            {"Version":1,"AccessKeyId":"\(key)","SecretAccessKey":"very/secret+key","Expiration":"\(end)"}
            """, to: "keys.json", bench)
    }

    private func keysOfAProcess(_ bench: Bench) throws -> AWSConnections {
        try hand(out: "AKIDONE", bench)
        try write(
            "[default]\ncredential_process = /bin/cat \(bench.folder.path)/keys.json\n", to: "config", bench)
        return try Bench.connections(
            bench.aws.url,
            variables: [
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": bench.folder.path + "/config", "PATH": "/usr/bin:/bin",
            ])
    }

    private func write(_ text: String, to name: String, _ bench: Bench) throws {
        let file = try #require(fopen(bench.folder.path + "/" + name, "w"))
        fputs(text, file)
        fclose(file)
    }
}
