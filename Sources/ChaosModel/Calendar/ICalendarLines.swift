// SPDX-License-Identifier: Apache-2.0

/// One content line of an iCalendar text (RFC 5545 section 3.1), unfolded.
struct ICalendarLine: Equatable {
    /// In capitals.
    var name: String
    /// Names in capitals; of several values of one parameter the whole text.
    var parameters: [String: String]
    var value: String
    /// The first line of the text that it stands on, from 1.
    var number: Int

    /// The lines of a text, and the numbers of those that are none.
    static func lines(of text: String) -> (lines: [ICalendarLine], broken: [Int]) {
        var unfolded: [(text: [UInt8], number: Int)] = []
        let raw = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in raw.enumerated() {
            let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            // A line that begins with a space or tab goes on from the one before.
            if let first = content.first, first == 32 || first == 9, !unfolded.isEmpty {
                unfolded[unfolded.count - 1].text += content.dropFirst()
            } else if !content.isEmpty {
                unfolded.append((Array(content), index + 1))
            }
        }
        var lines: [ICalendarLine] = []
        var broken: [Int] = []
        for line in unfolded {
            if let read = ICalendarLine(line.text, number: line.number) {
                lines.append(read)
            } else {
                broken.append(line.number)
            }
        }
        return (lines, broken)
    }

    /// `NAME;PARAMETER=VALUE;...:value`, where a parameter's value may be in quotes.
    private init?(_ bytes: [UInt8], number: Int) {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var end: Int?
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte == UInt8(ascii: ":") {
                end = index
                break
            }
            if !isQuoted, byte == UInt8(ascii: ";") { parts.append([]) } else { parts[parts.count - 1].append(byte) }
        }
        guard let end, let name = parts.first, !name.isEmpty,
            name.allSatisfy({ TextBytes.isAlphanumeric($0) || $0 == UInt8(ascii: "-") })
        else { return nil }
        self.name = String(decoding: name, as: UTF8.self).uppercased()
        parameters = [:]
        for part in parts.dropFirst() {
            let pieces = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard pieces.count == 2 else { return nil }
            parameters[String(decoding: pieces[0], as: UTF8.self).uppercased()] =
                String(decoding: pieces[1].filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
        value = String(decoding: bytes[(end + 1)...], as: UTF8.self)
        self.number = number
    }

    /// The value as text, its escapes undone (section 3.3.11), on one line.
    var plainText: String {
        var text = ""
        var isEscaped = false
        for character in value {
            if isEscaped {
                text.append(character == "n" || character == "N" ? " " : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                text.append(character)
            }
        }
        return text
    }
}
