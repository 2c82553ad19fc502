// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

/// SplitMix64 (Steele, Lea and Flood, 2014): chance that a seed repeats.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The seed of this run, from REBOUND_SEED where it is set.
    static let seed = ProcessInfo.processInfo.environment["REBOUND_SEED"].flatMap { UInt64($0) } ?? 20_261_124
}

@Suite("Rubbish")
struct FuzzTests {
    /// 20,000 inputs in all.
    @Test("never crashes the reader", arguments: 0..<8)
    func neverCrashes(part: Int) throws {
        let seed = SeededGenerator.seed &+ UInt64(part)
        var generator = SeededGenerator(seed: seed)
        let yaml = try ExampleFiles.names.map { Array(try ExampleFiles.text($0).utf8.prefix(700)) }
        let json = [
            try ManifestWriter.compactJSON(FullResources.policy), try ManifestWriter.json(FullResources.schedule),
        ]
        let sources = yaml + json.map { Array($0.utf8) }
        var refused = 0
        for round in 0..<2_500 {
            var bytes = sources[round % sources.count]
            for _ in 0..<Int.random(in: 1...12, using: &generator) { mutate(&bytes, &generator) }
            do {
                _ = try ManifestReader.read(bytes: bytes)
            } catch {
                #expect(!error.problems.isEmpty, "seed \(seed), round \(round)")
                refused += 1
            }
        }
        #expect(refused > 2_400, "seed \(seed): only \(refused) refused")
    }

    private static let tokens = [
        "{", "}", "[", "]", ":", ": ", "- ", "#", "# ", "\n", "\r", "\t", "\"", "'", "|", ">", "&a ", "*a", "!!str ",
        "<<: ", "---\n", "...\n", "%", "@", "`", "? ", ",", "\\", "\\u0000", "\u{0}", "\u{FEFF}", "null",
        "9999999999999999999",
        "1e999", "😀", "\u{2028}", "0x", "~",
    ]

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let index = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: if index < bytes.count { bytes.remove(at: index) }
        case 1: if index < bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
        case 2: bytes.insert(contentsOf: Array((Self.tokens.randomElement(using: &generator) ?? "").utf8), at: index)
        case 3: bytes.removeSubrange(index..<min(bytes.count, index + 20))
        case 4: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 40)], at: index)
        default: bytes = Array(bytes[index...] + bytes[..<index])
        }
    }
}
