// SPDX-License-Identifier: Apache-2.0
package import ExperimentControl

/// The last buckets of a probe, one cell each, the newest at the right edge.
package struct Sparkline {
    package var buckets: [ProbeProgress.Bucket]
    package var glyphs: Glyphs

    package init(_ buckets: [ProbeProgress.Bucket], glyphs: Glyphs) {
        self.buckets = buckets
        self.glyphs = glyphs
    }

    /// Exactly `width` cells; cells before the first bucket are empty.
    package func line(width: Int) -> StyledLine {
        let shown = buckets.suffix(max(0, width))
        var spans = [Span(String(repeating: " ", count: max(0, width - shown.count)))]
        for bucket in shown {
            let (glyph, tone) = cell(bucket)
            // Neighbours of one tone are one span, so that a line is a few escape sequences and not sixty.
            if let last = spans.last, last.tone == tone {
                spans[spans.count - 1] = Span(last.text + glyph, tone)
            } else {
                spans.append(Span(glyph, tone))
            }
        }
        return StyledLine(spans.filter { !$0.text.isEmpty })
    }

    /// The worst of the bucket wins, so that one failure among many successes is seen.
    private func cell(_ bucket: ProbeProgress.Bucket) -> (String, Tone) {
        if bucket.failed > 0 { return (bucket.ok > 0 ? glyphs.someFailed : glyphs.failed, .bad) }
        if bucket.unknown > 0 { return (glyphs.unknown, .warning) }
        if bucket.missed > 0 { return (glyphs.missed, .dim) }
        return bucket.ok > 0 ? (glyphs.ok, .good) : (glyphs.nothing, .plain)
    }
}
