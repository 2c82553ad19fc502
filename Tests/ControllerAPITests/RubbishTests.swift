// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Testing

@testable import ControllerAPI

/// What strangers can send must be read or refused, and must never trap.
@Suite("Rubbish")
struct RubbishTests {
    private static let seeds = [
        "/apis/rebound.chaos/v1/namespaces/n/runs?labelSelector=a%20in%20(b,c)&limit=5&watch=1",
        "a=b,c!=d,e in (f,g),!h",
        "metadata.name=x,status.phase!=Done", "application/json;as=Table;v=v1;g=meta.k8s.io,*/*;q=0.5",
        #"[{"op":"add","path":"/a/-","value":[1]},{"op":"move","from":"/a","path":"/b"}]"#,
        #"{"kind":"Run","apiVersion":"rebound.chaos/v1","metadata":{"name":"x","labels":{"a":null}},"spec":{}}"#,
        "k8s\u{0}\u{a}\u{f}\u{a}\u{2}v1\u{12}\u{9}Namespace\u{12}\u{6}\u{a}\u{4}\u{a}\u{2}ns",
    ].map { Array($0.utf8) }

    /// Half of the bytes come from something meant well, so that the inner readers are reached.
    private func rubbish(_ random: inout SplitMix) -> [UInt8] {
        var bytes = Self.seeds[Int(random.next() % UInt64(Self.seeds.count))]
        for _ in 0...(random.next() % 6) {
            let place = Int(random.next() % UInt64(bytes.count + 1))
            switch random.next() % 4 {
            case 0: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            default: bytes = Array(bytes.prefix(place)) + bytes
            }
        }
        return bytes
    }

    @Test("whatever is sent is read or refused", arguments: 0..<8)
    func everything(number: Int) throws {
        var random = SplitMix(state: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        let target = ResourceTarget(resource: .runs, namespace: "default")
        let document = try JSONDocument.read(Self.seeds[5])
        for _ in 0..<400 {
            let bytes = rubbish(&random)
            let text = String(decoding: bytes, as: UTF8.self)
            if let (path, query) = try? API.parts(of: text) {
                _ = Route(path: path)
                _ = try? ListOptions(query, selectable: RunEvents.selectable)
            }
            _ = try? LabelSelector(text).matches(["a": "b"])
            _ = try? FieldSelector(text, selectable: ["metadata.name", "status.phase"]).matches(document)
            _ = try? Acceptance(text).form(of: [.table, .partial])
            _ = try? KubernetesProtobuf.read([0x6B, 0x38, 0x73, 0x00] + bytes)
            guard let tree = try? JSONDocument.read(bytes) else { continue }
            _ = try? JSONPatch(tree).applied(to: document)
            _ = StrategicPatch.applied(tree, to: MergePatch.applied(tree, to: document))
            var normalization = Normalization(target: target, validation: .warn)
            _ = try? normalization.normalized(tree)
        }
    }
}

/// Sebastiano Vigna's SplitMix64 (https://prng.di.unimi.it/splitmix64.c).
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
