// SPDX-License-Identifier: Apache-2.0

/// Checks single values. Each check says what is wrong, or nothing.
package enum ScalarCheck {
    /// Nil when the value, which is not empty, is of the type.
    package static func fault(in node: ManifestNode, _ type: SchemaType) -> String? {
        switch type {
        case .text(let rule): textFault(node, rule)
        case .integer(let range): integerFault(node, range)
        case .decimal(let range): decimalFault(node, range)
        case .boolean: node.boolean == nil ? "must be true or false, not \(node.kindOfValue)" : nil
        case .onlyTrue: node.boolean == true ? nil : "must be true, or be left out"
        case .unsigned:
            node.numberText.flatMap { UInt64($0) } == nil ? "must be a whole number from 0 to 2^64 - 1" : nil
        case .duration(let range): durationFault(node, range)
        case .timestamp:
            node.text.flatMap { Timestamp($0) } == nil
                ? "must be an RFC 3339 time such as \"2026-12-24T00:00:00Z\"" : nil
        case .choice(let words): choiceFault(node, words)
        case .integerOrText(let range, let rule):
            node.numberText == nil ? textFault(node, rule) : integerFault(node, range)
        case .list, .textMap, .anyMap, .object, .oneOrMany: nil
        }
    }

    private static func textFault(_ node: ManifestNode, _ rule: TextRule) -> String? {
        guard let text = node.text else {
            let quotes = node.boolean != nil || node.numberText != nil ? "; put it in quotes" : ""
            return "must be a text, not \(node.kindOfValue)\(quotes)"
        }
        return rule.matches(text) ? nil : "must be \(rule.words)"
    }

    private static func integerFault(_ node: ManifestNode, _ range: ClosedRange<Int>) -> String? {
        let bounds =
            range.upperBound == Int.max
            ? "from \(range.lowerBound) up" : "from \(range.lowerBound) to \(range.upperBound)"
        guard let number = node.integer else {
            let quoted = node.text.flatMap { Int($0) } == nil ? "" : " without quotes"
            return "must be a whole number \(bounds)\(quoted), not \(node.kindOfValue)"
        }
        return range.contains(number) ? nil : "must be a whole number \(bounds)"
    }

    private static func decimalFault(_ node: ManifestNode, _ range: DecimalRange) -> String? {
        guard let number = node.decimal, number.isFinite else { return "must be a number, not \(node.kindOfValue)" }
        let low = range.excludesLow ? "above \(shown(range.low))" : "from \(shown(range.low))"
        return range.contains(number) ? nil : "must be \(low) to \(shown(range.high))"
    }

    private static func shown(_ number: Double) -> String {
        number == number.rounded() && number.magnitude < 1e15 ? String(Int(number)) : String(number)
    }

    private static func durationFault(_ node: ManifestNode, _ range: DurationRange) -> String? {
        if node.numberText != nil { return "must have a unit, as in \(node.written)s or \(node.written)ms" }
        guard let text = node.text, let value = WrittenDuration(text) else {
            return
                "must be a length of time in whole units, the largest first, such as 500ms or 1m30s (d, h, m, "
                + "s, ms, us, ns)"
        }
        return range.contains(value) ? nil : "must be from \(range.low) to \(range.high)"
    }

    private static func choiceFault(_ node: ManifestNode, _ words: [String]) -> String? {
        let list = words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
        guard let text = node.text else { return "must be \(list), not \(node.kindOfValue)" }
        if words.contains(text) { return nil }
        let near = NearMiss.nearest(to: text, in: words).map { "; did you mean \($0)?" } ?? ""
        return "must be \(list)\(near)"
    }
}
