// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import ResourceStore
import SQLiteStore
import Synchronization

// Watches one store with many watchers while it is changed at a fixed rate, and prints the delay from the return of the
// writing call to the arrival at each watcher, and what the process took. Called by ../run.

let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.prefix(3).compactMap { Int($0) }
let scope = arguments.last ?? ""
guard arguments.count == 4, numbers.count == 3, scope == "own" || scope == "all" else {
    print("usage: watchers-benchmark WATCHERS CHANGES-PER-SECOND SECONDS own|all")
    exit(2)
}
let (watchers, rate, seconds) = (numbers[0], numbers[1], numbers[2])
let changes = rate * seconds

/// When each change was written, by the last part of its version; and how late it came, in tenths of a millisecond.
final class Delays: Sendable {
    private let written = Mutex<[String: ContinuousClock.Instant]>([:])
    private let counts = Mutex<(tenths: [Int: Int], total: Int)>(([:], 0))

    /// The instant before the write is made, so that the delay holds the write and its flush too.
    func note(_ name: String, _ at: ContinuousClock.Instant) { written.withLock { $0[name] = at } }

    func arrived(_ name: String, _ at: ContinuousClock.Instant) {
        guard let begun = written.withLock({ $0[name] }) else { return }
        let tenths = Int((at - begun) / .microseconds(100))
        counts.withLock {
            $0.tenths[tenths, default: 0] += 1
            $0.total += 1
        }
    }

    var total: Int { counts.withLock { $0.total } }

    func percentile(_ part: Double) -> Double {
        counts.withLock { counts in
            var left = Int(Double(counts.total) * part)
            for (tenths, count) in counts.tenths.sorted(by: { $0.key < $1.key }) {
                left -= count
                if left < 0 { return Double(tenths) / 10 }
            }
            return .nan
        }
    }
}

func memory(_ field: String) -> String {
    guard let file = fopen("/proc/self/status", "r") else { return "?" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text.hasPrefix(field) { return text.split(separator: " ").dropFirst().joined(separator: " ") }
    }
    return "?"
}

func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

let folder = "/tmp/rebound-watchers-\(getpid())"
let store = try await SQLiteStore.open(path: folder + "/store.db", options: SQLiteStoreOptions(environment: .system))
let delays = Delays()
let expected = scope == "all" ? changes * watchers : changes
let ready = Atomic<Int>(0)
print("--- \(watchers) watchers, \(rate) changes/s for \(seconds) s; each watcher sees \(scope) changes")
try await withThrowingTaskGroup(of: Void.self) { group in
    for watcher in 0..<watchers {
        let namespace = scope == "all" ? nil : "n\(watcher)"
        group.addTask {
            // The first bookmark says that this watcher waits.
            let stream = store.watchDocuments(.schedule, namespace: namespace, after: "0", bookmarks: .seconds(1))
            var isReady = false
            for try await event in stream {
                let now = ContinuousClock.now
                if case .change(_, let document) = event { delays.arrived(document.key.name, now) }
                if !isReady { ready.add(1, ordering: .relaxed) }
                isReady = true
            }
        }
    }
    while ready.load(ordering: .relaxed) < watchers { try await Task.sleep(for: .milliseconds(50)) }
    print("memory with all waiting: \(memory("VmRSS:"))")
    let (begun, used) = (ContinuousClock.now, processorSeconds())
    for change in 0..<changes {
        try await Task.sleep(until: begun + .seconds(1) * change / rate, clock: .continuous)
        let spec = ScheduleSpec(experiment: "e", timeZone: "UTC")
        let metadata = ObjectMetadata(name: "c\(change)", namespace: "n\(change % watchers)")
        delays.note(metadata.name, .now)
        _ = try await store.create(Schedule(metadata: metadata, spec: spec))
    }
    let deadline = ContinuousClock.now + .seconds(30)
    while delays.total < expected, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    let took = (ContinuousClock.now - begun) / .seconds(1)
    print("seen \(delays.total) of \(expected) in \(took) s")
    let figures = [0.5, 0.99, 1 - 1e-9].map { "\(delays.percentile($0)) ms" }
    print("from before the write to the watcher: p50 \(figures[0]), p99 \(figures[1]), largest \(figures[2])")
    print("memory at most: \(memory("VmHWM:")); processor: \((processorSeconds() - used) / took * 100) % of a core")
    group.cancelAll()
    // Cancelled watches end without an error.
    try await group.waitForAll()
}
await store.close()
for suffix in ["", "-wal", "-shm"] { unlink(folder + "/store.db" + suffix) }
rmdir(folder)
