// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel

/// A choice by labels: `a=b,c!=d,e in (f,g),h notin (i),j,!k`
/// (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors). Checked here so that a
/// slip is an error before anything is asked for, and so that the local store chooses as a server does.
package struct LabelSelector: Sendable, Equatable {
    enum Rule: Equatable {
        case among(String, Set<String>)
        case notAmong(String, Set<String>)
        case present(String)
        case absent(String)
    }

    /// As it was written.
    package let text: String
    let rules: [Rule]

    /// Throws a failure that names the part that is not understood.
    package init(_ text: String) throws(CommandFailure) {
        self.text = text
        var rules: [Rule] = []
        for part in Self.parts(of: text) { rules.append(try Self.rule(part)) }
        self.rules = rules
    }

    /// Whether all rules hold. A label that is missing is not equal to anything.
    package func matches(_ labels: [String: String]) -> Bool {
        rules.allSatisfy { rule in
            switch rule {
            case .among(let key, let values): labels[key].map(values.contains) ?? false
            case .notAmong(let key, let values): !(labels[key].map(values.contains) ?? false)
            case .present(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            }
        }
    }

    /// Cut at the commas that stand outside of parentheses.
    private static func parts(of text: String) -> [Substring] {
        var parts: [Substring] = []
        var depth = 0
        var start = text.startIndex
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + [text[start...]]
    }

    private static func rule(_ part: Substring) throws(CommandFailure) -> Rule {
        let words = part.split(separator: " ", maxSplits: 2).map { $0.trimming(\.isWhitespace) }
        if words.count == 3, words[1] == "in" || words[1] == "notin" {
            let values = try listed(words[2], in: part)
            let key = try checked(words[0], in: part)
            return words[1] == "in" ? .among(key, values) : .notAmong(key, values)
        }
        let plain = part.trimming(\.isWhitespace)
        if plain.hasPrefix("!"), !plain.contains("=") {
            return .absent(try checked(String(plain.dropFirst()), in: part))
        }
        for (sign, isEqual) in [("!=", false), ("==", true), ("=", true)] {
            guard let range = plain.firstRange(of: sign) else { continue }
            let key = try checked(String(plain[..<range.lowerBound]).trimming(\.isWhitespace), in: part)
            let value = String(plain[range.upperBound...]).trimming(\.isWhitespace)
            guard !value.contains("="), !value.contains(" ") else { throw misread(part) }
            return isEqual ? .among(key, [value]) : .notAmong(key, [value])
        }
        return .present(try checked(plain, in: part))
    }

    private static func listed(_ word: String, in part: Substring) throws(CommandFailure) -> Set<String> {
        guard word.hasPrefix("("), word.hasSuffix(")") else { throw misread(part) }
        let values = word.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        return Set(values.map { $0.trimming(\.isWhitespace) })
    }

    private static func checked(_ key: String, in part: Substring) throws(CommandFailure) -> String {
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"=!,()".utf8.contains($0) }) else {
            throw misread(part)
        }
        return key
    }

    private static func misread(_ part: Substring) -> CommandFailure {
        CommandFailure(
            .usage, "\"\(part)\" is no choice by labels",
            hint: "Write key=value, key!=value, key, !key, or key in (a,b), with commas between them.")
    }
}

extension StringProtocol {
    /// Without what fits at both ends.
    func trimming(_ isCut: (Character) -> Bool) -> String {
        let front = drop(while: isCut)
        return String(front.reversed().drop(while: isCut).reversed())
    }
}
