// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Every figure that this process tells its monitoring.
///
/// Families are made once, at the start, by the part that knows them; values are set from anywhere. What costs
/// something to find out is found out when somebody asks: such a part gives a `collector`.
package final class MetricsRegistry: Sendable {
    /// The series that one family may have, unless it says otherwise.
    package static let usualMost = 200

    enum Family: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)

        var name: MetricName {
            switch self {
            case .counter(let family): family.name
            case .gauge(let family): family.name
            case .histogram(let family): family.name
            }
        }
    }

    private struct State: Sendable {
        var families: [String: Family] = [:]
        var collectors: [@Sendable () async -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// A new counter. A name can be given once.
    package func counter(_ name: MetricName, most: Int = usualMost) -> Counter {
        let family = Counter(name, most: most)
        add(.counter(family))
        return family
    }

    /// A new gauge.
    package func gauge(_ name: MetricName, most: Int = usualMost) -> Gauge {
        let family = Gauge(name, most: most, isInfo: false)
        add(.gauge(family))
        return family
    }

    /// A constant whose labels are what it says; its name is given without the `_info` that is written.
    package func info(_ name: MetricName, _ values: String...) {
        let family = Gauge(name, most: 1, isInfo: true)
        family.replace([values: 1])
        add(.gauge(family))
    }

    /// A new histogram with these upper bounds.
    package func histogram(_ name: MetricName, bounds: [Double], most: Int = usualMost) -> Histogram {
        let family = Histogram(name, bounds: bounds, most: most)
        add(.histogram(family))
        return family
    }

    /// Called, in the order given, before every answer.
    package func collect(_ collector: @escaping @Sendable () async -> Void) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Asks the collectors, and writes everything.
    package func text(_ format: MetricsFormat) async -> String {
        for collector in state.withLock(\.collectors) { await collector() }
        return MetricsText.text(families, format)
    }

    /// What there is, by name: `(name as written, kind, help)`, for the documents.
    package var catalogue: [(name: String, kind: String, labels: [String], help: String)] {
        families.map { family in
            (MetricsText.writtenName(family), MetricsText.kind(family), family.name.labels, family.name.help)
        }
    }

    private var families: [Family] {
        state.withLock(\.families).sorted { $0.key < $1.key }.map(\.value)
    }

    private func add(_ family: Family) {
        state.withLock { state in
            precondition(state.families[family.name.name] == nil, "\(family.name.name) is there already")
            state.families[family.name.name] = family
        }
    }
}

/// How figures are written.
package enum MetricsFormat: Sendable, CaseIterable {
    /// Prometheus text format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0, which has exemplars.
    case openMetrics

    /// What a client that accepts this gets: OpenMetrics where it is named, as Prometheus does.
    package init(accept: String?) {
        self = accept?.lowercased().contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    package var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
