// SPDX-License-Identifier: Apache-2.0
internal import Glibc

@testable import ChaosModel
@testable import CommandLineInterface
@testable import ControllerAPI
@testable import ExperimentControl
@testable import HTTPTransport
@testable import Probes
@testable import ResourceClient

extension Decoder {
    /// What comes over the network to us as a client, and what the command line is told.
    static let network = [
        Decoder("dns", dns), Decoder("http-answer", FuzzedServer.read), Decoder("watch", watch),
        Decoder("context-file", contextFile), .text("arguments", arguments),
    ]

    /// One byte for the type of the query, then the datagram after its id.
    private static func dns(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        let type = first.isMultiple(of: 2) ? DNSProbeSpec.RecordType.a : .aaaa
        guard let query = DNSQuery(name: "web.example.com", type: type) else { return must(false, "it is a name") }
        let asked = query.encoded(id: 0x1234)
        must(query.reply(in: asked, id: 0x1234) == .stray, "a query is no answer to itself")
        for datagram in [[0x12, 0x34] + bytes.dropFirst(), answer(to: asked, bytes.dropFirst())] {
            guard case .addresses(let texts) = query.reply(in: datagram, id: 0x1234) else { continue }
            must(texts.count * 12 <= datagram.count, "there are no more addresses than there is room for")
            for text in texts { must(isAddress(text, type), "\(text) is an address") }
            must(query.reply(in: datagram, id: 0x4321) == .stray, "an answer of another id is none")
        }
    }

    /// The question as it was asked, marked as an answer with one record, and what follows.
    private static func answer(to query: [UInt8], _ rest: ArraySlice<UInt8>) -> [UInt8] {
        var answer = query
        answer[2] |= 0x80
        answer[7] = rest.first.map { $0 % 4 } ?? 0
        return answer + rest.dropFirst()
    }

    private static func isAddress(_ text: String, _ type: DNSProbeSpec.RecordType) -> Bool {
        var room = [UInt8](repeating: 0, count: 16)
        return inet_pton(type == .a ? AF_INET : AF_INET6, text, &room) == 1
    }

    /// One byte that says how the stream is cut into pieces, then the stream.
    private static func watch(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        var splitter = LineSplitter()
        var lines: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: Int(first) + 1) {
            must(splitter.add(Array(stream[start...].prefix(Int(first) + 1))), "no line is too long here")
            while let line = splitter.next() { lines.append(line) }
        }
        if let last = splitter.last() { lines.append(last) }
        let whole = stream.split(separator: 0x0A).filter { $0.contains { $0 != 0x20 && $0 != 0x0D } }.map(Array.init)
        must(lines == whole, "lines are the same however they arrive")
        for line in lines.prefix(16) {
            _ = try? ResourceWatch<Run>.event(in: line)  // Most are none.
            _ = try? ResourceWatch<Namespace>.event(in: line)
            let error = ClientError(status: 429, body: line, retryAfter: line.repaired, request: "GET /")
            must((error.retryAfter ?? .zero) >= .zero, "nobody waits for less than nothing")
        }
    }

    private static func contextFile(_ bytes: [UInt8]) throws {
        var file = try KubeconfigFile(path: "contexts", bytes: bytes)
        let again = try KubeconfigFile(path: "contexts", bytes: Array(file.text.utf8))
        must(again.tree.content.isSame(as: file.tree.content), "a file is the same when written and read: \(file.text)")
        // Files that it names are not looked for.
        if !names(aFile: file.tree) {
            for name in file.contextNames.prefix(3) { _ = try? file.context(named: name).connection() }
        }
        file.keep(ServerContext(server: "https://localhost:7443"), as: "fuzz")
        must(file.currentContext == "fuzz", "what is kept is current")
        let kept = try KubeconfigFile(path: "contexts", bytes: Array(file.text.utf8))
        must(try kept.context(named: "fuzz").server == "https://localhost:7443", "what is kept is found again")
    }

    private static func names(aFile tree: ManifestNode) -> Bool {
        (tree.items ?? []).contains { names(aFile: $0) }
            || (tree.entries ?? []).contains { entry in
                ["certificate-authority", "client-certificate", "client-key", "tokenFile"].contains(entry.key)
                    || names(aFile: entry.value)
            }
    }

    /// Words of a command line, one a line; also what a halt file may hold.
    private static func arguments(_ text: String) throws {
        let words = text.split(separator: "\n").map(String.init)
        for word in words {
            if let ours = try? CommandLineInterface.LabelSelector(word),  // Most are none.
                let servers = try? ControllerAPI.LabelSelector(word)
            {
                for labels in [[:], ["a": "b"], ["a": ""], ["team": "web", "a": "c"]] {
                    must(ours.matches(labels) == servers.matches(labels), "client and server select the same: \(word)")
                }
            }
            _ = try? CommandLineInterface.FieldSelector(word)
            _ = try? WaitCondition(word)
            _ = ResourceName(argument: word)
        }
        let line = HaltFile.line(of: Array(text.utf8))
        must(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "a reason is one line")
        let groups = try ResourceArguments(words).groups
        must(groups.flatMap(\.names).allSatisfy { !$0.contains("/") }, "a name has no slash")
    }
}
