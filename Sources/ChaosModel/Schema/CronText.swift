// SPDX-License-Identifier: Apache-2.0

/// The form of a cron expression: five fields of numbers, names, ranges, lists and steps (crontab(5)).
enum CronText {
    static let rule = TextRule(
        "five cron fields: minute, hour, day of month, month, day of week", pattern: "^\\S+( +\\S+){4}$",
        maximumLength: 256
    ) { isCron($0) }

    private struct Field {
        var range: ClosedRange<Int>
        var names: [String] = []
    }

    private static let fields = [
        Field(range: 0...59), Field(range: 0...23), Field(range: 1...31),
        Field(
            range: 1...12,
            names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        Field(range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    static func isCron(_ text: String) -> Bool {
        let parts = text.split(separator: " ")
        return parts.count == 5 && text.first != " " && text.last != " "
            && zip(parts, fields).allSatisfy { part, field in
                part.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { isItem($0, field) }
            }
    }

    /// The days of month and the months of an expression whose months have none of the days, so that it never comes.
    /// Nil for one that comes, and for what is no expression. A day of the week that is written lets its days in as
    /// well (crontab(5)), unless it begins with `*`.
    static func neverComes(_ text: String) -> (days: Substring, months: Substring)? {
        let parts = text.split(separator: " ")
        guard isCron(text), !parts[2].hasPrefix("*"), parts[4].hasPrefix("*") else { return nil }
        let months = parts[3].split(separator: ",").flatMap { values($0, fields[3]) }
        // 29 February comes, though not every year.
        let longest = months.map { [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][$0 - 1] }.max() ?? 31
        let first = parts[2].split(separator: ",").flatMap { values($0, fields[2]) }.min() ?? 1
        return first > longest ? (parts[2], parts[3]) : nil
    }

    /// The values of one item that `isItem` accepts.
    private static func values(_ text: Substring, _ field: Field) -> [Int] {
        let step = text.split(separator: "/")
        let ends = step[0] == "*" ? [] : step[0].split(separator: "-").compactMap { value($0, field) }
        let (low, high) = (ends.first ?? field.range.lowerBound, ends.last ?? field.range.upperBound)
        return Array(stride(from: low, through: high, by: step.count == 2 ? number(step[1]) ?? 1 : 1))
    }

    /// `*`, `5`, `mon-fri`, `*/10`, `8-18/2`.
    private static func isItem(_ text: Substring, _ field: Field) -> Bool {
        let step = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(step.count) else { return false }
        let ends = step[0].split(separator: "-", omittingEmptySubsequences: false)
        if step.count == 2 {
            guard let number = number(step[1]), (1...field.range.upperBound).contains(number),
                step[0] == "*" || ends.count == 2
            else { return false }
        }
        if step[0] == "*" { return true }
        let values = ends.map { value($0, field) }
        guard (1...2).contains(values.count), let first = values[0], let last = values[values.count - 1] else {
            return false
        }
        return first <= last
    }

    private static func value(_ text: Substring, _ field: Field) -> Int? {
        if let name = field.names.firstIndex(of: text.lowercased()) { return name + field.range.lowerBound }
        return number(text).flatMap { field.range.contains($0) ? $0 : nil }
    }

    private static func number(_ text: Substring) -> Int? {
        TextBytes.all(text, "", TextBytes.isDigit) && (1...2).contains(text.utf8.count) ? Int(text) : nil
    }
}
