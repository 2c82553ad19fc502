// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One observation that stands for its bucket: where to look when a bucket is higher than it should be.
package struct Exemplar: Sendable, Equatable {
    /// At most 128 characters in all (OpenMetrics 1.0.0, "Exemplars"); what is longer is left out.
    package var labels: [(String, String)]
    /// Seconds since 1970.
    package var at: Double

    package init(labels: [(String, String)], at: Double) {
        self.labels = labels
        self.at = at
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.at == b.at && a.labels.elementsEqual(b.labels, by: ==)
    }

    var fits: Bool { labels.reduce(0) { $0 + $1.0.unicodeScalars.count + $1.1.unicodeScalars.count } <= 128 }
}

/// Observations counted by size.
package final class Histogram: Sendable {
    struct Series: Sendable {
        /// Observations in each bucket alone; the last is for what is above every bound.
        var counts: [UInt64]
        var exemplars: [(value: Double, exemplar: Exemplar)?]
        var sum = 0.0
    }

    let name: MetricName
    /// The upper bounds, ascending, without infinity.
    let bounds: [Double]
    private let table: Mutex<SeriesTable<Series>>

    init(_ name: MetricName, bounds: [Double], most: Int) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds of \(name.name) must ascend")
        self.name = name
        self.bounds = bounds
        table = Mutex(SeriesTable(most: most))
    }

    /// Counts one observation; a value that is no number is left out.
    package func observe(_ value: Double, _ labels: String..., exemplar: Exemplar? = nil) {
        precondition(labels.count == name.labels.count, "\(name.name) has \(name.labels.count) labels")
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        let empty = Series(
            counts: [UInt64](repeating: 0, count: bounds.count + 1),
            exemplars: [(value: Double, exemplar: Exemplar)?](repeating: nil, count: bounds.count + 1))
        table.withLock { table in
            table.change(labels, from: empty) { series in
                series.counts[bucket] += 1
                series.sum += value
                if let exemplar, exemplar.fits { series.exemplars[bucket] = (value, exemplar) }
            }
        }
    }

    var values: [SeriesKey: Series] { table.withLock(\.series) }
}
