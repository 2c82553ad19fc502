// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// The `fieldSelector` parameter: `metadata.name=a,status.phase!=Done`. A backslash keeps a comma or an equals sign.
struct FieldSelector: Sendable, Equatable {
    private(set) var requirements: [FieldRequirement] = []

    static let everything = FieldSelector()

    private init() {}

    /// Throws a bad request that names the part that is not understood, or the fields that can be selected by.
    init(_ text: String, selectable: [String]) throws(StatusError) {
        if text.utf8.count > 4_096 { throw .badRequest("the fieldSelector is longer than 4096 bytes") }
        for part in Self.split(text, at: ",") where !part.isEmpty {
            let requirement = try Self.requirement(String(decoding: part, as: UTF8.self))
            guard selectable.contains(requirement.path) else {
                throw .badRequest(
                    "field label not supported: \(Quoted.text(requirement.path)); these can be selected by: "
                        + selectable.joined(separator: ", "))
            }
            requirements.append(requirement)
        }
    }

    private static func requirement(_ part: String) throws(StatusError) -> FieldRequirement {
        let bytes = Array(part.utf8)
        guard let equals = firstSign(in: bytes) else {
            throw .badRequest("\(Quoted.text(part)) in the fieldSelector is not understood; write field=value")
        }
        let isEqual = equals == 0 || bytes[equals - 1] != UInt8(ascii: "!")
        let path = String(decoding: bytes[..<(isEqual ? equals : equals - 1)], as: UTF8.self)
        var rest = bytes[(equals + 1)...]
        if isEqual, rest.first == UInt8(ascii: "=") { rest = rest.dropFirst() }
        return FieldRequirement(path.trimmed, isEqual: isEqual, to: unescaped(rest))
    }

    private static func firstSign(in bytes: [UInt8]) -> Int? {
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index] == UInt8(ascii: "=") {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func split(_ text: String, at separator: Unicode.Scalar) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: separator), !isEscaped {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return parts
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                out.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    func matches(_ document: ManifestNode) -> Bool {
        requirements.allSatisfy { requirement in
            let path = requirement.path.split(separator: ".").map(String.init)
            let value = document.at(path)?.scalarText ?? ""
            return (value == requirement.value) == requirement.isEqual
        }
    }

    /// Whether matching can change while a resource lives.
    var isFixed: Bool { requirements.allSatisfy { ["metadata.name", "metadata.namespace"].contains($0.path) } }
}
