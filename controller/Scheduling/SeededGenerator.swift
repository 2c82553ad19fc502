// SPDX-License-Identifier: Apache-2.0

/// Chance that a seed repeats, in every version of Rebound: SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014, figure 16). Not for secrets.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// Evenly spread over 0 to just below 1, in steps of 2^-53. The standard library's own drawing may change between
    /// its versions; this does not.
    package mutating func nextFraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// The output function of SplitMix64: each bit of the input sways each bit of the result.
    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
