// SPDX-License-Identifier: Apache-2.0

/// What an unquoted YAML scalar means. Only forms on which YAML 1.1, YAML 1.2 and JSON agree have a meaning; whatever
/// some reader takes for a number or a truth value and another does not is ambiguous, and is never accepted (YAML 1.1
/// types at yaml.org/type, YAML 1.2.2 section 10.3).
package enum PlainScalar {
    package static func content(of text: String) -> ManifestNode.Content {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if isJSONNumber(text), !hasExponent(text) { return .number(text) }
        if let reason = ambiguity(of: text) { return .ambiguous(text, reason: reason) }
        return .text(text)
    }

    /// RFC 8259 section 6.
    package static func isJSONNumber(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "-" { rest.removeFirst() }
        let whole = takeDigits(&rest)
        if whole.isEmpty || (whole.utf8.count > 1 && whole.first == "0") { return false }
        if rest.first == "." {
            rest.removeFirst()
            if takeDigits(&rest).isEmpty { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            if takeDigits(&rest).isEmpty { return false }
        }
        return rest.isEmpty
    }

    private static func hasExponent(_ text: String) -> Bool { text.contains("e") || text.contains("E") }

    private static func takeDigits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix { ("0"..."9").contains($0) && $0.isASCII }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static let truths: Set<String> = ["yes", "no", "on", "off", "y", "n", "true", "false"]

    private static func ambiguity(of text: String) -> String? {
        let lower = text.lowercased()
        if truths.contains(lower) { return "write true or false, or put it in quotes when a text is meant" }
        var body = Substring(lower)
        if body.first == "-" || body.first == "+" { body.removeFirst() }
        if [".inf", ".nan", "inf", "nan", "infinity"].contains(body) { return "not a number that can be used" }
        guard let first = body.utf8.first, isDigit(first) || (first == UInt8(ascii: ".") && body.utf8.count > 1) else {
            return nil
        }
        return looksNumeric(body) ? "write a plain decimal number, or put it in quotes when a text is meant" : nil
    }

    /// Octal, hexadecimal, binary, grouped, signed, exponent and base 60 forms.
    private static func looksNumeric(_ body: Substring) -> Bool {
        let prefix = body.prefix(2)
        if ["0x", "0o", "0b"].contains(prefix) { return true }
        let allowed = Set("0123456789._:e+-".utf8)
        guard body.utf8.allSatisfy(allowed.contains) else { return false }
        let dashes = body.dropFirst().utf8.filter { $0 == UInt8(ascii: "-") }.count
        let isDateOrAddress =
            (dashes > 0 && !body.contains("e")) || body.utf8.filter { $0 == UInt8(ascii: ".") }.count > 1
        return !isDateOrAddress
    }

    package static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
