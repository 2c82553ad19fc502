// SPDX-License-Identifier: Apache-2.0

/// One section of a configuration file: its heading, its keys, and the keys indented below a key.
struct ConfigSection: Sendable, Equatable {
    var heading: [String]
    var values: [String: String] = [:]
    var nested: [String: [String: String]] = [:]
}

/// Reads the INI dialect of `~/.aws/config` and `~/.aws/credentials`.
///
/// `[words]` begins a section; quotes keep spaces. `key = value` sets a key, in lower case. A line that starts
/// with white space belongs to the key above it: `key = value` below a key without a value is nested, other text
/// continues the value. `#` and `;` begin a comment at the beginning of a line only, as in AWS's own tools: values,
/// secrets among them, may hold them.
struct SharedConfigFile {
    private let path: String
    private(set) var sections: [ConfigSection] = []
    private var currentKey: String?

    /// Throws `.invalidConfiguration` with path and line number; never with the line, which may hold a secret.
    static func parse(_ bytes: [UInt8], path: String) throws(AWSError) -> [ConfigSection] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(path, nil, "is not UTF-8.", "Save it as UTF-8 text.")
        }
        var file = SharedConfigFile(path: path)
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            try file.read(line, number)
        }
        return file.sections
    }

    private init(path: String) {
        self.path = path
    }

    private mutating func read(_ line: Substring, _ number: Int) throws(AWSError) {
        let trimmed = line.trimmingSpaces()
        guard let first = trimmed.first, first != "#", first != ";" else { return }
        if first == "[", line.first == "[" { return try begin(trimmed, number) }
        guard !sections.isEmpty else {
            throw failure(number, "stands before the first [section].", "Put a section such as [default] above it.")
        }
        if let key = currentKey, line.first != trimmed.first { return try continueKey(key, trimmed, number) }
        let (key, value) = try assignment(trimmed, number)
        guard sections[sections.count - 1].values.updateValue(value, forKey: key) == nil else {
            throw failure(number, "sets \(key) a second time in its section.", "Keep one of the two.")
        }
        currentKey = key
    }

    private mutating func begin(_ line: Substring, _ number: Int) throws(AWSError) {
        guard let close = line.lastIndex(of: "]"), let words = Self.words(line[..<close].dropFirst()), !words.isEmpty,
            Self.isComment(line[close...].dropFirst())
        else { throw failure(number, "is no [section].", "Write it as [default] or [profile name].") }
        guard !sections.contains(where: { $0.heading == words }) else {
            throw failure(number, "begins [\(words.joined(separator: " "))] a second time.", "Join the two sections.")
        }
        sections.append(ConfigSection(heading: words))
        currentKey = nil
    }

    private mutating func continueKey(_ key: String, _ line: Substring, _ number: Int) throws(AWSError) {
        let section = sections.count - 1
        let value = sections[section].values[key] ?? ""
        guard value.isEmpty else {
            sections[section].values[key] = value + "\n" + line
            return
        }
        let (inner, innerValue) = try assignment(line, number)
        guard sections[section].nested[key, default: [:]].updateValue(innerValue, forKey: inner) == nil else {
            throw failure(number, "sets \(inner) a second time below \(key).", "Keep one of the two.")
        }
    }

    private func assignment(_ line: Substring, _ number: Int) throws(AWSError) -> (key: String, value: String) {
        guard let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }), mark != line.startIndex, line[mark] == "="
        else {
            throw failure(number, "is no key = value.", "Correct it, or begin it with # to make it a comment.")
        }
        let key = line[..<mark].trimmingSpaces().lowercased()
        return (key, String(line[mark...].dropFirst().trimmingSpaces()))
    }

    /// Splits at spaces; quotes keep spaces. Nil when a quote is not closed.
    static func words(_ text: Substring) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [$0] } ?? [])
    }

    private static func isComment(_ rest: Substring) -> Bool {
        let rest = rest.trimmingSpaces()
        return rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";")
    }

    private func failure(_ line: Int, _ message: String, _ hint: String) -> AWSError {
        Self.failure(path, line, message, hint)
    }

    private static func failure(_ path: String, _ line: Int?, _ message: String, _ hint: String) -> AWSError {
        let place = line.map { "\(path) line \($0)" } ?? path
        return AWSError(
            code: .invalidConfiguration, message: "\(place) \(message)", hint: hint, service: "configuration",
            action: "read \(path)")
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    func trimmingSpaces() -> Substring {
        let front = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
        guard let last = front.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" }) else { return "" }
        return front[...last]
    }
}
