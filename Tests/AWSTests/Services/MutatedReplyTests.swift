// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AWS

@Suite("Replies that were cut or changed on the way")
struct MutatedReplyTests {
    private let body: [UInt8]
    private let count: Int

    init() throws {
        body = try ServiceFixture.bytes("moto-describe-instances")
        count = try ServiceFixture.page(body, EC2Reader.instances, of: EC2Instance.self).items.count
    }

    /// How many instances a changed body yields; nil if it is refused, which must be as a malformed reply.
    private func outcome(_ body: [UInt8]) -> Int? {
        do throws(AWSError) {
            return try ServiceFixture.page(body, EC2Reader.instances, of: EC2Instance.self).items.count
        } catch {
            if error.code != .malformedReply { Issue.record("refused as \(error.code)") }
            return nil
        }
    }

    @Test("a reply cut anywhere is refused, never a shorter list")
    func cut() {
        for end in body.indices where outcome(Array(body[..<end])) != nil {
            Issue.record("\(end) of \(body.count) bytes were taken for a whole reply")
        }
    }

    @Test("a changed byte never adds an instance", arguments: [1, 2] as [UInt64])
    func changedByte(seed: UInt64) {
        var chance = SplitMix(state: seed)
        for place in body.indices {
            var changed = body
            changed[place] =
                Self.marks[Int(chance.next() % UInt64(Self.marks.count))] ?? UInt8(truncatingIfNeeded: chance.next())
            if let found = outcome(changed), found > count {
                Issue.record("seed \(seed): byte \(place) changed to \(changed[place]) gives \(found) instances")
            }
        }
    }

    @Test("a lost piece never adds an instance", arguments: [3] as [UInt64])
    func lostPiece(seed: UInt64) {
        var chance = SplitMix(state: seed)
        for _ in 0..<1000 {
            let start = Int(chance.next() % UInt64(body.count))
            let end = min(body.count, start + 1 + Int(chance.next() % 400))
            if let found = outcome(Array(body[..<start] + body[end...])), found > count {
                Issue.record("seed \(seed): without \(start)..<\(end) there are \(found) instances")
            }
        }
    }

    /// Bytes that mean something in XML, and nil for any.
    private static let marks: [UInt8?] = "<>/&;!\"' \0".utf8.map { $0 } + [nil, nil, nil, 0xFF, 0xC3]
}

/// SplitMix64: a small generator whose runs can be repeated from the seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
