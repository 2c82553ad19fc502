// SPDX-License-Identifier: Apache-2.0

/// Numbers with their nouns: `1 injection`, `2 injections`, `1 policy`, `3 policies`.
enum Counted {
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(count == 1 ? noun : plural(noun))" }

    static func plural(_ noun: String) -> String {
        guard noun.hasSuffix("y"), let before = noun.dropLast().last, !"aeiou".contains(before) else {
            return noun + "s"
        }
        return noun.dropLast() + "ies"
    }
}
