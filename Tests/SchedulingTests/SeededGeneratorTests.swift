// SPDX-License-Identifier: Apache-2.0
import Scheduling
import Testing

@Suite("Seeded chance")
struct SeededGeneratorTests {
    /// The outputs of the authors' C code (prng.di.unimi.it/splitmix64.c) for these seeds.
    static let published: [(UInt64, [UInt64])] = [
        (
            1_234_567,
            [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ]
        ),
        (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]),
    ]

    @Test("gives the published numbers", arguments: published)
    func vectors(seed: UInt64, expected: [UInt64]) {
        var generator = SeededGenerator(seed: seed)
        #expect(expected.map { _ in generator.next() } == expected)
    }

    @Test("fractions are spread evenly below one")
    func fractions() {
        var generator = SeededGenerator(seed: 7)
        let values = (0..<10_000).map { _ in generator.nextFraction() }
        #expect(values.allSatisfy { 0 <= $0 && $0 < 1 })
        let tenths = Dictionary(grouping: values) { Int($0 * 10) }.mapValues(\.count)
        #expect(tenths.count == 10)
        #expect(tenths.values.allSatisfy { (850...1_150).contains($0) }, "\(tenths)")
    }
}
