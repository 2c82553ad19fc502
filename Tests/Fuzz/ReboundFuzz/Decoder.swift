// SPDX-License-Identifier: Apache-2.0

/// One decoder that meets the outside, and what must hold of whatever it is given.
struct Decoder: Sendable {
    var name: String
    /// Reads the bytes and checks. What it throws is a refusal, which any input may be given.
    var read: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, _ read: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.read = read
    }

    static let all: [Decoder] = model + scheduling + service + aws + network + identity

    /// A decoder whose input is text; bytes that are none are of no use to it.
    static func text(_ name: String, _ read: @escaping @Sendable (String) throws -> Void) -> Decoder {
        Decoder(name) { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            try read(text)
        }
    }
}

/// Ends the process, which libFuzzer takes as a find and keeps the input of, unless the claim holds.
func must(_ holds: Bool, _ claim: @autoclosure () -> String) {
    if !holds { fatalError("broken: \(claim())") }
}

extension [UInt8] {
    /// The parts between bytes of zero: how an input carries several things.
    func parts(_ count: Int) -> [[UInt8]] {
        let found = split(separator: 0, maxSplits: count - 1, omittingEmptySubsequences: false).map(Array.init)
        return found + Array<[UInt8]>(repeating: [], count: count - found.count)
    }

    /// As UTF-8, with what is none replaced.
    var repaired: String { String(decoding: self, as: UTF8.self) }
}
