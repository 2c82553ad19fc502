// SPDX-License-Identifier: Apache-2.0

/// Finds what was probably meant.
package enum NearMiss {
    /// The candidate nearest to `word`: at most a third of its letters away, at least one edit allowed; nil when none
    /// is near.
    package static func nearest(to word: String, in candidates: [String]) -> String? {
        let lower = word.lowercased()
        guard word.utf8.count <= 64 else { return nil }
        let ranked = candidates.map { ($0, distance(lower, $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let best = ranked, best.1 <= max(1, min(word.count, best.0.count) / 3) else { return nil }
        return best.0
    }

    /// Edits between two texts: insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    package static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
