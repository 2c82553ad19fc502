// SPDX-License-Identifier: Apache-2.0

/// Writes families as text: the Prometheus text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/) or OpenMetrics 1.0.0
/// (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md).
enum MetricsText {
    static func text(_ families: [MetricsRegistry.Family], _ format: MetricsFormat) -> String {
        var text = ""
        for family in families {
            let samples = samples(of: family, format)
            guard !samples.isEmpty else { continue }
            text += head(of: family, format)
            for sample in samples { text += sample + "\n" }
        }
        return format == .openMetrics ? text + "# EOF\n" : text
    }

    /// The name of the family's samples; for histograms, without the endings of their parts.
    static func writtenName(_ family: MetricsRegistry.Family) -> String {
        let name = family.name.name
        return switch family {
        case .counter: name + "_total"
        case .gauge(let gauge): gauge.isInfo ? name + "_info" : name
        case .histogram: name
        }
    }

    static func kind(_ family: MetricsRegistry.Family) -> String {
        switch family {
        case .counter: "counter"
        case .gauge(let gauge): gauge.isInfo ? "info" : "gauge"
        case .histogram: "histogram"
        }
    }

    private static func head(of family: MetricsRegistry.Family, _ format: MetricsFormat) -> String {
        let help = family.name.help
        switch format {
        case .prometheus:
            let name = writtenName(family)
            let kind = kind(family) == "info" ? "gauge" : kind(family)
            return "# HELP \(name) \(escaped(help, quotes: false))\n# TYPE \(name) \(kind)\n"
        case .openMetrics:
            let name = family.name.name
            let unit = family.name.unit.isEmpty ? "" : "# UNIT \(name) \(family.name.unit)\n"
            return "# TYPE \(name) \(kind(family))\n\(unit)# HELP \(name) \(escaped(help, quotes: true))\n"
        }
    }

    private static func samples(of family: MetricsRegistry.Family, _ format: MetricsFormat) -> [String] {
        let name = writtenName(family)
        let labels = family.name.labels
        switch family {
        case .counter(let counter): return simple(name, labels, counter.values)
        case .gauge(let gauge): return simple(name, labels, gauge.values)
        case .histogram(let histogram):
            return sorted(histogram.values).flatMap { key, series in
                lines(of: series, histogram, pairs: pairs(labels, key), format)
            }
        }
    }

    private static func simple(_ name: String, _ labels: [String], _ values: [SeriesKey: Double]) -> [String] {
        sorted(values).map { key, value in name + braces(pairs(labels, key)) + " " + number(value) }
    }

    private static func lines(
        of series: Histogram.Series, _ histogram: Histogram, pairs: [(String, String)], _ format: MetricsFormat
    ) -> [String] {
        let name = histogram.name.name
        var lines: [String] = []
        var total: UInt64 = 0
        for (index, count) in series.counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? histogram.bounds[index].description : "+Inf"
            var line = name + "_bucket" + braces(pairs + [("le", bound)]) + " \(total)"
            if format == .openMetrics, let (value, exemplar) = series.exemplars[index] {
                line += " # " + (exemplar.labels.isEmpty ? "{}" : braces(exemplar.labels))
                line += " \(number(value)) \(number(exemplar.at))"
            }
            lines.append(line)
        }
        let tail = braces(pairs)
        return lines + ["\(name)_sum\(tail) \(number(series.sum))", "\(name)_count\(tail) \(total)"]
    }

    private static func sorted<V>(_ values: [SeriesKey: V]) -> [(key: SeriesKey, value: V)] {
        values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    private static func pairs(_ labels: [String], _ key: SeriesKey) -> [(String, String)] {
        zip(labels, key).map { ($0, $1) }
    }

    private static func braces(_ pairs: [(String, String)]) -> String {
        guard !pairs.isEmpty else { return "" }
        return "{" + pairs.map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": safe += "\\\\"
            case "\n": safe += "\\n"
            case "\"" where quotes: safe += "\\\""
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// Whole numbers without a point, the others as Swift writes them, which reads back to the same number.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int64(value)) }
        return value.description
    }
}
