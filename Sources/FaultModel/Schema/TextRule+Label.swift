// SPDX-License-Identifier: Apache-2.0

extension TextRule {
    /// RFC 1123 label, as Kubernetes has it.
    package static let name = TextRule(
        "a name of lower-case letters, digits and inner dashes, at most 63 long",
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", maximumLength: 63
    ) { text in
        let isEdge: (UInt8) -> Bool = { TextBytes.isLower($0) || TextBytes.isDigit($0) }
        return TextBytes.all(text, "-", isEdge) && text.utf8.first.map(isEdge) == true
            && text.utf8.last.map(isEdge) == true
    }

    /// RFC 1123 subdomain: the names of runs and injections.
    package static let longName = TextRule(
        "a name of lower-case letters, digits, inner dashes and dots, at most 253 long",
        pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", maximumLength: 253
    ) { text in
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            TextRule.isLabel(part)
        }
    }

    private static func isLabel(_ text: Substring) -> Bool {
        let isEdge: (UInt8) -> Bool = { TextBytes.isLower($0) || TextBytes.isDigit($0) }
        return !text.isEmpty && TextBytes.all(text, "-", isEdge) && text.utf8.first.map(isEdge) == true
            && text.utf8.last.map(isEdge) == true
    }

    /// One line for people.
    package static let line = TextRule(
        "one line of text", pattern: "^[^\\u0000-\\u001f\\u007f]+$", maximumLength: 1_024
    ) {
        TextBytes.isPrintable($0)
    }

    /// A path of the machine that it is for.
    package static let path = TextRule(
        "an absolute path", pattern: "^/[^\\u0000-\\u001f\\u007f]*$", maximumLength: 4_096
    ) { $0.utf8.first == UInt8(ascii: "/") && TextBytes.isPrintable($0) }
}
