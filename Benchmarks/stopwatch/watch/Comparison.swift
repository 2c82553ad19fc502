// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Measurement

/// An outage as the server logged it, CLOCK_MONOTONIC nanoseconds: each end lies between two readings around the call.
struct TrueOutage {
    var closed: ClosedRange<Int64>
    var opened: ClosedRange<Int64>

    /// From a line of four numbers in the server's order; nil when it is not that.
    init?(line: String) {
        let numbers = line.split { !$0.isNumber }.compactMap { Int64($0) }
        guard numbers.count == 4, numbers[0] <= numbers[1], numbers[2] <= numbers[3] else { return nil }
        closed = numbers[0]...numbers[1]
        opened = numbers[2]...numbers[3]
    }
}

/// How one probe's outages compare with the truth.
struct Comparison {
    var probe: String
    var truths: Int
    /// Outages that the server did not have.
    var invented: [Outage]
    var startErrors: [Int64] = []
    var endErrors: [Int64] = []
    var widths: [Int64] = []
    var coveredEnds = 0
    /// The true instants of the ends that were measured worst, for `explain`.
    private(set) var worst: [(error: Int64, truth: Int64)] = []

    init(_ probe: String, found: [Outage], truths: [TrueOutage]) {
        self.probe = probe
        self.truths = truths.count
        invented = []
        var unused = found
        for truth in truths {
            guard let index = unused.firstIndex(where: { overlaps($0, truth) }) else { continue }
            let outage = unused.remove(at: index)
            guard let end = outage.end else { continue }
            startErrors.append(error(outage.start, truth.closed))
            endErrors.append(error(end, truth.opened))
            worst.append((startErrors[startErrors.count - 1], truth.closed.lowerBound))
            worst.append((endErrors[endErrors.count - 1], truth.opened.lowerBound))
            widths += [outage.start, end].map { $0.high.nanoseconds - $0.low.nanoseconds }
            coveredEnds += [covers(outage.start, truth.closed), covers(end, truth.opened)].filter { $0 }.count
        }
        invented = unused
    }

    var found: Int { startErrors.count }
    var coverage: Double { found == 0 ? 0 : Double(coveredEnds) / Double(2 * found) }
    var largestError: Int64 { (startErrors + endErrors).map(\.magnitude).max().map(Int64.init) ?? .max }

    /// Every outage was found, none invented, no end is off by more than an interval, and the bounds hold.
    func isWithin(_ interval: Duration) -> Bool {
        found == truths && invented.isEmpty && largestError <= interval.wholeNanoseconds && coverage >= 0.99
    }

    /// Prints the attempts around each end that is off by more than the limit, in milliseconds from the truth.
    func explain(_ observations: [Observation], over limit: Duration) {
        for (error, truth) in worst where error.magnitude > limit.wholeNanoseconds {
            print("  off by \(text(error)) ms; begun, ended and outcome of the attempts around the truth:")
            let near = observations.filter {
                $0.probe == probe && ($0.planned.nanoseconds - truth).magnitude < 4 * 10_000_000
            }
            for observation in near.sorted(by: { $0.slot < $1.slot }) {
                let begun = text(observation.begun.nanoseconds - truth)
                let ended = text(observation.ended.nanoseconds - truth)
                print("    \(observation.slot): \(begun) \(ended) \(observation.outcome)")
            }
        }
    }

    func describe() {
        print("\(probe): \(found) of \(truths) outages found, \(invented.count) invented")
        for outage in invented {
            let duration = outage.end.map { text($0.at.nanoseconds - outage.start.at.nanoseconds) } ?? "no end,"
            print("  invented: \(duration) ms, \(outage.failedSamples) failed, the first with \(outage.firstReason)")
        }
        for (name, errors) in [("start", startErrors), ("end", endErrors)] {
            let sizes = errors.map { Int64($0.magnitude) }
            let bias = errors.isEmpty ? 0 : errors.reduce(0, +) / Int64(errors.count)
            print(
                "  \(name): error median \(text(middle(sizes))) ms, largest \(text(sizes.max() ?? 0)) ms,"
                    + " bias \(text(bias)) ms")
        }
        print(
            "  bounds: hold the truth in \(text(Int64(coverage * 100 * 1_000_000))) % of ends, median width"
                + " \(text(middle(widths))) ms, widest \(text(widths.max() ?? 0)) ms")
    }
}

private func overlaps(_ outage: Outage, _ truth: TrueOutage) -> Bool {
    let end = outage.end?.high.nanoseconds ?? .max
    return outage.start.low.nanoseconds <= truth.opened.upperBound && truth.closed.lowerBound <= end
}

private func error(_ measured: BoundedInstant, _ truth: ClosedRange<Int64>) -> Int64 {
    measured.at.nanoseconds - (truth.lowerBound + (truth.upperBound - truth.lowerBound) / 2)
}

private func covers(_ measured: BoundedInstant, _ truth: ClosedRange<Int64>) -> Bool {
    measured.low.nanoseconds <= truth.upperBound && truth.lowerBound <= measured.high.nanoseconds
}

private func middle(_ values: [Int64]) -> Int64 { values.isEmpty ? 0 : values.sorted()[values.count / 2] }

/// Nanoseconds as milliseconds with three places.
private func text(_ nanoseconds: Int64) -> String { "\(Double(nanoseconds / 1000) / 1000)" }
