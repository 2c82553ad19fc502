// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Open time as stretches of real seconds, through every change of the clocks.
extension OpenHours {
    /// The stretches of the windows that begin on a local day, in seconds since 1970, in order, none touching another.
    /// An hour that the clocks leave out is in none; one that comes twice is in twice, as it lasts twice as long.
    package func stretches(beginningOn day: Int64, _ zone: ZoneRules) -> [Range<Int64>] {
        let local = localRanges(beginningOn: day)
        guard let first = local.first, let last = local.last else { return [] }
        // Offsets are within 26 hours of UTC (RFC 9636 section 3.2).
        let most: Int64 = 26 * 3_600
        var found: [Range<Int64>] = []
        for piece in zone.pieces(from: first.lowerBound - most, until: last.upperBound + most) {
            for range in local {
                let begin = max(range.lowerBound - piece.offset, piece.range.lowerBound)
                let end = min(range.upperBound - piece.offset, piece.range.upperBound)
                if begin < end { found.append(begin..<end) }
            }
        }
        return Self.merged(found)
    }

    /// When the stretch that is open at a second ends, looking no further than `most` seconds; the second itself when
    /// it is closed.
    package func end(ofStretchAt second: Int64, _ zone: ZoneRules, most: Int64) -> Int64 {
        let day = zone.localDay(at: second)
        let days = (day - 1)...(day + most / 86_400 + 1)
        let all = Self.merged(days.flatMap { stretches(beginningOn: $0, zone) })
        return min(all.first { $0.contains(second) }?.upperBound ?? second, second + most)
    }

    /// The same in local seconds: what shows on a clock, as if it were UTC.
    func localRanges(beginningOn day: Int64) -> [Range<Int64>] {
        let date = CivilDate(daysSinceEpoch: day)
        guard holiday(on: date) == nil, businessDays.contains(date.weekday) else { return [] }
        let midnight = day * 86_400
        if windows.isEmpty { return [midnight..<midnight + 86_400] }
        let isNextClosed = holiday(on: CivilDate(daysSinceEpoch: day + 1)) != nil
        let ranges = windows.filter { $0.weekdays.contains(date.weekday) }.map { window in
            let end = isNextClosed ? min(window.to, 1_440) : window.to
            return midnight + window.from * 60..<midnight + end * 60
        }
        return Self.merged(ranges)
    }

    private static func merged(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        var merged: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}

extension ZoneRules {
    /// A stretch of seconds in which the clocks have one offset.
    struct Piece {
        var range: Range<Int64>
        var offset: Int64
    }

    /// The pieces that a stretch falls into. Changes less than six hours apart could be missed; there are none.
    func pieces(from begin: Int64, until end: Int64) -> [Piece] {
        var pieces: [Piece] = []
        var start = begin
        var probe = begin
        while probe < end {
            let next = min(probe + 6 * 3_600, end)
            let offset = offset(at: start)
            if self.offset(at: next) != offset {
                let change = firstChange(from: probe, to: next, offset: offset)
                pieces.append(Piece(range: start..<change, offset: offset))
                start = change
            }
            probe = next
        }
        if start < end { pieces.append(Piece(range: start..<end, offset: offset(at: start))) }
        return pieces
    }

    /// The first second after `low` with another offset than it has.
    private func firstChange(from low: Int64, to high: Int64, offset: Int64) -> Int64 {
        var (low, high) = (low, high)
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if self.offset(at: middle) == offset { low = middle } else { high = middle }
        }
        return high
    }
}
