// SPDX-License-Identifier: Apache-2.0
import AWS
import FoundationEssentials
import HTTPTransport
import Testing

@Suite("SigV4 against AWS's published signing test suite")
struct SigV4VectorTests {
    @Test("the whole suite is here: 38 cases of 10 files")
    func suiteIsComplete() throws {
        #expect(SigV4Vector.names.count == 38)
        for name in SigV4Vector.names {
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(SigV4Vector.folder)/\(name)")
            #expect(files.count == 10, "\(name) has \(files)")
        }
    }

    @Test("a signed header equals the published one at every step", arguments: SigV4Vector.names)
    func header(name: String) throws {
        let vector = try SigV4Vector(name)
        let (headers, signature) = vector.signer.sign(vector.request, with: vector.credentials, at: vector.date)
        #expect(signature.canonicalRequest == (try vector.text("header-canonical-request")))
        #expect(signature.stringToSign == (try vector.text("header-string-to-sign")))
        #expect(signature.signature == (try vector.text("header-signature")))
        let expected = try vector.headers("header-signed-request")
        #expect(Set(headers.map(\.line)) == Set(expected.map(\.line)))
    }

    @Test("a presigned query equals the published one at every step", arguments: SigV4Vector.names)
    func query(name: String) throws {
        let vector = try SigV4Vector(name)
        let (query, signature) = vector.signer.presign(
            vector.request, with: vector.credentials, at: vector.date, lifetimeSeconds: vector.lifetimeSeconds)
        #expect(signature.canonicalRequest == (try vector.text("query-canonical-request")))
        #expect(signature.stringToSign == (try vector.text("query-string-to-sign")))
        #expect(signature.signature == (try vector.text("query-signature")))
        let expected = try vector.query("query-signed-request")
        #expect(Set(query.map { "\($0.name)=\($0.value)" }) == Set(expected.map { "\($0.name)=\($0.value)" }))
    }
}

extension HTTPHeader {
    fileprivate var line: String { "\(name.lowercased()):\(value)" }
}

/// One case of the suite, read from its files.
private struct SigV4Vector {
    static let folder = Repository.root + "/Tests/AWSTests/Fixtures/sigv4"
    static let names: [String] = {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return found.filter { $0 != "NOTICE" }.sorted()
    }()

    private struct Context: Decodable {
        struct Keys: Decodable {
            let accessKeyId: String
            let secretAccessKey: String
            let token: String?
        }
        let credentials: Keys
        let expirationInSeconds: Int
        let normalize: Bool
        let region: String
        let service: String
        let signBody: Bool
        let timestamp: String
        let omitSessionToken: Bool?
    }

    let name: String
    let signer: SigV4Signer
    let credentials: AWSCredentials
    let date: AWSInstant
    let lifetimeSeconds: Int
    let request: SignableRequest

    init(_ name: String) throws {
        self.name = name
        let path = "\(Self.folder)/\(name)/context.json"
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let context = try decoder.decode(
            Context.self, from: try #require(FileManager.default.contents(atPath: path)))
        var options = SigV4Signer.Options()
        options.normalizesPath = context.normalize
        options.sendsBodyDigest = context.signBody
        options.leavesTokenUnsigned = context.omitSessionToken ?? false
        signer = SigV4Signer(region: context.region, service: context.service, options: options)
        credentials = AWSCredentials(
            accessKeyID: context.credentials.accessKeyId, secretAccessKey: context.credentials.secretAccessKey,
            sessionToken: context.credentials.token, expiration: nil, source: "vector")
        date = try #require(AWSInstant(iso8601: context.timestamp))
        lifetimeSeconds = context.expirationInSeconds
        request = try RawHTTP.parse(try Self.read(name, "request")).request
    }

    func text(_ file: String) throws -> String { try Self.read(name, file) }

    func headers(_ file: String) throws -> [HTTPHeader] { try RawHTTP.parse(text(file)).request.headers }

    func query(_ file: String) throws -> [(name: String, value: String)] { try RawHTTP.parse(text(file)).request.query }

    private static func read(_ name: String, _ file: String) throws -> String {
        let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)/\(file).txt"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A request as the suite's files write it.
private enum RawHTTP {
    static func parse(_ text: String) throws -> (request: SignableRequest, version: Substring) {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = parts[0].split(separator: "\n")
        let first = lines.removeFirst()
        let method = try #require(first.split(separator: " ").first)
        let version = try #require(first.split(separator: " ").last)
        let target = first.dropFirst(method.count + 1).dropLast(version.count + 1)
        let split = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = split.count > 1 ? split[1].split(separator: "&").map(pair) : []
        let body = parts.count > 1 ? Array(parts[1].utf8) : []
        let request = SignableRequest(
            method: String(method), path: String(split[0]), query: query, headers: headers(lines), body: body)
        return (request, version)
    }

    private static func headers(_ lines: [Substring]) -> [HTTPHeader] {
        lines.reduce(into: []) { headers, line in
            if line.hasPrefix(" "), !headers.isEmpty {
                headers[headers.count - 1].value += "\n" + line
            } else {
                let split = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                headers.append(HTTPHeader(name: String(split[0]), value: String(split[1])))
            }
        }
    }

    private static func pair(_ text: Substring) -> (name: String, value: String) {
        let split = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(decoded)
        return (split[0], split.count > 1 ? split[1] : "")
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
