// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What a family is called and what it means. Names are given without the `_total` of counters.
package struct MetricName: Sendable, Equatable {
    /// Ends in the unit where there is one, as `rebound_run_time_to_recover_seconds`.
    package var name: String
    package var help: String
    /// The unit as OpenMetrics wants it, the last part of the name; empty when there is none.
    package var unit: String
    package var labels: [String]

    package init(_ name: String, _ help: String, unit: String = "", labels: [String] = []) {
        precondition(unit.isEmpty || name.hasSuffix("_" + unit), "\(name) must end in its unit")
        precondition(!name.hasSuffix("_total"), "the writer adds _total")
        self.name = name
        self.help = help
        self.unit = unit
        self.labels = labels
    }
}

/// The label values of one series, in the order of the family's labels.
typealias SeriesKey = [String]

/// The series of one family. Bounded: a series beyond the bound is counted under `other` for every label, so that no
/// caller can fill the memory or the monitoring with names of its own.
struct SeriesTable<Value: Sendable>: Sendable {
    static var overflow: String { "other" }

    private(set) var series: [SeriesKey: Value] = [:]
    let most: Int

    init(most: Int) { self.most = most }

    mutating func change(_ key: SeriesKey, from initial: @autoclosure () -> Value, _ body: (inout Value) -> Void) {
        let isRoom = series[key] != nil || series.count < most
        let key = isRoom ? key : key.map { _ in Self.overflow }
        body(&series[key, default: initial()])
    }

    mutating func removeAll() { series.removeAll(keepingCapacity: true) }
}

/// A number that only grows while the process lives.
package final class Counter: Sendable {
    let name: MetricName
    private let table: Mutex<SeriesTable<Double>>

    init(_ name: MetricName, most: Int) {
        self.name = name
        table = Mutex(SeriesTable(most: most))
    }

    /// Adds to a series; `labels` has a value for each label of the family. What is below zero is not added.
    package func add(_ amount: Double = 1, _ labels: String...) { add(amount, labels: labels) }

    /// The same with the label values as a list.
    package func add(_ amount: Double, labels: [String]) {
        precondition(labels.count == name.labels.count, "\(name.name) has \(name.labels.count) labels")
        guard amount >= 0 else { return }
        table.withLock { $0.change(labels, from: 0) { $0 += amount } }
    }

    /// Takes a total that is counted elsewhere over; a smaller one than before is left out.
    package func reach(_ total: Double, _ labels: String...) {
        precondition(labels.count == name.labels.count, "\(name.name) has \(name.labels.count) labels")
        table.withLock { $0.change(labels, from: 0) { $0 = max($0, total) } }
    }

    var values: [SeriesKey: Double] { table.withLock(\.series) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    let name: MetricName
    /// `build_info` and its like: one constant series whose labels are the message.
    let isInfo: Bool
    private let table: Mutex<SeriesTable<Double>>

    init(_ name: MetricName, most: Int, isInfo: Bool) {
        self.name = name
        self.isInfo = isInfo
        table = Mutex(SeriesTable(most: most))
    }

    /// Sets one series; `labels` has a value for each label of the family.
    package func set(_ value: Double, _ labels: String...) {
        precondition(labels.count == name.labels.count, "\(name.name) has \(name.labels.count) labels")
        table.withLock { $0.change(labels, from: 0) { $0 = value } }
    }

    /// Sets every series at once: those that are not named are gone.
    package func replace(_ values: [[String]: Double]) {
        precondition(values.keys.allSatisfy { $0.count == name.labels.count }, "labels of \(name.name)")
        table.withLock { table in
            table.removeAll()
            for (labels, value) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                table.change(labels, from: 0) { $0 += value }
            }
        }
    }

    var values: [SeriesKey: Double] { table.withLock(\.series) }
}
