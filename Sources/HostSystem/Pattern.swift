// SPDX-License-Identifier: Apache-2.0
import CLinux

/// A POSIX extended regular expression (regex(7)) that a whole text must match.
package final class Pattern {
    private var compiled = regex_t()

    /// Nil when it is none.
    package init?(_ text: String) {
        // Bracketed, so that an alternative at the top does not escape the anchors.
        if regcomp(&compiled, "^(\(text))$", REG_EXTENDED | REG_NOSUB) != 0 { return nil }
    }

    package func matches(_ text: String) -> Bool { regexec(&compiled, text, 0, nil, 0) == 0 }

    deinit { regfree(&compiled) }
}
