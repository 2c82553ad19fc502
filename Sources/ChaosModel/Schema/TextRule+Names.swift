// SPDX-License-Identifier: Apache-2.0

extension TextRule {
    /// Text over any number of lines.
    package static let lines = TextRule("a text", maximumLength: 65_536) { TextBytes.isPrintable($0, lines: true) }

    /// Kubernetes label keys: an optional DNS prefix and a name of at most 63.
    package static let labelKey = TextRule(
        "a label key such as team or example.com/team",
        pattern: "^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", maximumLength: 317
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, parts.count <= 2 else { return false }
        if parts.count == 2,
            parts[0].isEmpty || !TextBytes.all(parts[0], "-.", { TextBytes.isLower($0) || TextBytes.isDigit($0) })
        {
            return false
        }
        return isLabelValue(name)
    }

    /// Kubernetes label values.
    package static let labelValue = TextRule(
        "a label value of letters, digits and inner dashes, dots and underscores, at most 63 long",
        pattern: "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$", maximumLength: 63
    ) { isLabelValue(Substring($0)) }

    private static func isLabelValue(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 63 else { return false }
        return TextBytes.isAlphanumeric(first) && TextBytes.isAlphanumeric(last)
            && TextBytes.all(text, "-_.", TextBytes.isAlphanumeric)
    }

    /// POSIX names of environment variables.
    package static let variable = TextRule(
        "the name of an environment variable", pattern: "^[A-Za-z_][A-Za-z0-9_]*$", maximumLength: 255
    ) { text in
        text.utf8.first.map { !TextBytes.isDigit($0) } == true && TextBytes.all(text, "_", TextBytes.isAlphanumeric)
    }

    /// The group and version of a kind, and nothing else.
    package static func apiVersion(of kind: ResourceKind) -> TextRule {
        let version = kind.apiVersion
        let pattern = "^" + version.split(separator: ".").joined(separator: "\\.") + "$"
        return TextRule(version, pattern: pattern, maximumLength: 32) { $0 == version }
    }

    /// IANA zone names. Which there are is known where the zones are.
    package static let timeZone = {
        var rule = TextRule(
            "an IANA time zone such as Europe/Madrid", pattern: "^[A-Za-z][A-Za-z0-9_+/-]*$", maximumLength: 64
        ) { text in
            text.utf8.first.map(TextBytes.isLetter) == true && TextBytes.all(text, "_+/-", TextBytes.isAlphanumeric)
        }
        rule.namesTimeZone = true
        return rule
    }()

    package static let timeOfDay = TextRule(
        "a time of day such as \"09:30\"", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", maximumLength: 5
    ) { text in
        var reader = DigitReader(text)
        guard let hour = reader.digits(2), hour < 24, reader.take(":"), let minute = reader.digits(2) else {
            return false
        }
        return minute < 60 && reader.isAtEnd
    }

    package static let date = TextRule(
        "a date such as 2026-12-25", pattern: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", maximumLength: 10
    ) { text in
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"),
            let day = reader.digits(2), reader.isAtEnd
        else { return false }
        return CivilDate(year: year, month: month, day: day) != nil
    }
}
