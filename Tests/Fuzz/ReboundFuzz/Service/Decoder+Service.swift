// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials

@testable import ChaosModel
@testable import ControllerAPI
@testable import ExperimentControl
@testable import Measurement
@testable import ResourceClient
@testable import ResourceStore

extension Decoder {
    /// What the API is sent, and what lies in the store.
    static let service = [
        Decoder("request", FuzzedAPI.read), Decoder("patch", patch), .text("target", target),
        Decoder("protobuf", protobuf), Decoder("stored", stored), Decoder("observations", observations),
    ]

    // MARK: The API

    /// A patch, a zero, and what it is for.
    private static func patch(_ bytes: [UInt8]) throws {
        let parts = bytes.parts(2)
        let patch = try JSONDocument.read(parts[0])
        let document = try JSONDocument.read(parts[1])
        let merged = MergePatch.applied(patch, to: document)
        // RFC 7386: what was removed is gone, what was set is set.
        must(JSONPatch.isEqual(MergePatch.applied(patch, to: merged), merged), "a merge patch may come twice")
        _ = StrategicPatch.applied(patch, to: document)
        do throws(JSONPatch.Failure) {
            let patched = try JSONPatch(patch).applied(to: document)
            let text = JSONDocument.compact(patched)
            must(JSONPatch.isEqual(again(text), patched), "what was patched can be written and read: \(text)")
        } catch {
            throw error
        }
    }

    private static func again(_ text: String) -> ManifestNode {
        do { return try JSONDocument.read(Array(text.utf8)) } catch {
            // A patch can nest deeper than a text may; that is refused when it is checked.
            must("\(error)".contains("deep") || "\(error)".contains("nest"), "it can be read: \(error)")
            return ManifestNode(.null)
        }
    }

    /// Path and query of a request, its `Accept` header after a line end, and a selector after another.
    private static func target(_ text: String) throws {
        let lines = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        if lines.count > 2 { return try selectors(lines[2]) }
        let acceptance = Acceptance(lines.count > 1 ? lines[1] : "")
        must(acceptance.ranges.allSatisfy { $0.quality > 0 }, "what is not wanted is not offered")
        _ = acceptance.aggregatedDiscovery
        let (path, query) = try API.parts(of: lines[0])
        if case .resource(let target)? = Route(path: path) { try check(target) }
        let options = try ListOptions(query, selectable: RunEvents.selectable)
        must((options.limit ?? 1) > 0 && (options.timeoutSeconds ?? 0) >= 0, "limits are not negative")
        _ = try acceptance.form(of: [.table, .partial, .partialList])
    }

    /// The path that our client writes for a target is read as that target.
    private static func check(_ target: ResourceTarget) throws {
        guard let kind = target.resource.stored else { return }
        let path =
            target.name.map {
                ResourcePath(kind, namespace: target.namespace ?? "", name: $0, subresource: target.subresource)
            } ?? ResourcePath(kind, namespace: target.namespace)
        let parts = try API.parts(of: path.description)
        must(Route(path: parts.0) == .resource(target), "\(path) leads to \(target)")
    }

    private static func selectors(_ text: String) throws {
        if let labels = try? ControllerAPI.LabelSelector(text) {  // The other is tried too.
            must(labels.requirements.count <= 100, "the requirements are bounded")
            _ = labels.matches(["a": "b", "team": "web"])
        }
        let fields = try ControllerAPI.FieldSelector(text, selectable: FieldRequirement.selectable(.run))
        let document = ManifestNode.map(["metadata": .map(["name": .text("web")])])
        let selected = fields.requirements.allSatisfy { requirement in
            let value = requirement.path == "metadata.name" ? "web" : ""
            return (value == requirement.value) == requirement.isEqual
        }
        must(fields.matches(document) == selected, "a selector selects by each of its requirements")
    }

    private static func protobuf(_ bytes: [UInt8]) throws {
        let tree = try KubernetesProtobuf.read([0x6B, 0x38, 0x73, 0x00] + bytes)
        must(tree["kind"]?.text != nil, "what is read has a kind")
    }

    // MARK: The store

    /// What lies in the store: one byte that says of what kind it is, then JSON.
    private static func stored(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        if first == UInt8(ascii: "{") { return try audit(bytes) }
        let kind = ResourceKind.allCases[Int(first) % ResourceKind.allCases.count]
        let document = try JSONDocument.resource(kind, Array(bytes.dropFirst()))
        try check(document.resource, kind)
    }

    private static func check<R: Resource>(_ resource: R, _ kind: ResourceKind) throws {
        let json = try ManifestWriter.compactJSON(resource)
        let again = try JSONDocument.resource(kind, Array(json.utf8))
        must(again.resource as? R == resource, "a resource is the same when written and read: \(json)")
    }

    private static let anchor = ClockAnchor(
        bootID: "fuzz", monotonic: MonotonicInstant(nanoseconds: 1),
        wall: Timestamp(nanosecondsSinceEpoch: 1_774_746_000_000_000_000))

    private static func observations(_ bytes: [UInt8]) throws {
        if let sightings = try? SightingCodec.decode(bytes, onto: anchor) {  // Or a chunk.
            let again = try SightingCodec.decode(SightingCodec.encode(sightings, anchor: anchor), onto: anchor)
            must(again == sightings, "sightings are the same when written and read")
        }
        let observations = try ChunkCodec.decode(bytes, onto: anchor)
        must(observations.count <= bytes.count, "there are no more observations than bytes")
        let again = try ChunkCodec.decode(ChunkCodec.encode(observations, anchor: anchor), onto: anchor)
        must(again == observations, "observations are the same when written and read")
    }

    /// Records of the audit, with zeros between them.
    private static func audit(_ bytes: [UInt8]) throws {
        var verification = AuditVerification(digest: digest) { _, _, _ in nil }
        var hash = [UInt8](repeating: 0, count: 32)
        for (index, record) in bytes.split(separator: 0).prefix(8).map(Array.init).enumerated() {
            hash = AuditChain.hash(of: record, after: hash, digest)
            let chained = ChainedAuditEntry(sequence: Int64(index) + 1, record: record, hash: hash)
            try verification.check([chained])
            let entry = try AuditChain.entry(of: chained)
            let written = ChainedAuditEntry(sequence: 1, record: try AuditChain.record(entry), hash: hash)
            must(try AuditChain.entry(of: written) == entry, "an entry is the same when written and read")
            guard let checkpoint = AuditCheckpoint(entry) else { continue }
            var signed = entry
            signed.detail = try checkpoint.detail()
            must(AuditCheckpoint(signed) == checkpoint, "a checkpoint is the same when written and read")
        }
    }

    /// No digest, but as long as one: a real one would only cost time.
    private static let digest: AuditDigest = { bytes in
        var sum = [UInt8](repeating: 7, count: 32)
        for (index, byte) in bytes.enumerated() { sum[index % 32] = sum[index % 32] &* 31 &+ byte }
        return sum
    }
}
