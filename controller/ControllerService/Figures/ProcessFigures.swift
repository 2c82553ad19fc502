// SPDX-License-Identifier: Apache-2.0
import Glibc
import ServiceMetrics

/// The figures of this process under the names that every Prometheus client gives them, read from /proc (proc(5)).
struct ProcessFigures: Sendable {
    private let processorSeconds: Counter
    private let residentBytes: Gauge
    private let virtualBytes: Gauge
    private let openFiles: Gauge
    private let mostFiles: Gauge
    private let threads: Gauge
    private let startTime: Gauge

    init(_ registry: MetricsRegistry) {
        processorSeconds = registry.counter(
            MetricName("process_cpu_seconds", "Processor time used, in user and system mode.", unit: "seconds"))
        residentBytes = registry.gauge(
            MetricName("process_resident_memory_bytes", "Memory in use.", unit: "bytes"))
        virtualBytes = registry.gauge(
            MetricName("process_virtual_memory_bytes", "Addresses reserved; mostly not memory.", unit: "bytes"))
        openFiles = registry.gauge(MetricName("process_open_fds", "Files and sockets that are open."))
        mostFiles = registry.gauge(
            MetricName("process_max_fds", "Files and sockets that may be open (RLIMIT_NOFILE)."))
        threads = registry.gauge(MetricName("process_threads", "Threads."))
        startTime = registry.gauge(
            MetricName("process_start_time_seconds", "When this process started, since 1970.", unit: "seconds"))
    }

    /// Reads them all. What cannot be read keeps its last value.
    func collect() {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // proc_pid_stat(5), from the third field on: 14 utime, 15 stime, 20 threads, 22 start, 23 vsize, 24 pages.
        if let fields = Self.statFields(), fields.count > 21, ticks > 0 {
            func field(_ number: Int) -> Double { Double(fields[number - 3]) ?? 0 }
            processorSeconds.reach((field(14) + field(15)) / ticks)
            threads.set(field(20))
            virtualBytes.set(field(23))
            residentBytes.set(field(24) * Double(sysconf(Int32(_SC_PAGESIZE))))
            if let boot = Self.bootTime() { startTime.set(boot + field(22) / ticks) }
        }
        if let count = Self.openDescriptors() { openFiles.set(Double(count)) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { mostFiles.set(Double(limit.rlim_cur)) }
    }

    private static func statFields() -> [Substring]? {
        guard let text = read("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    private static func bootTime() -> Double? {
        guard let text = read("/proc/stat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) }
    }

    /// One less than the entries: reading the folder opens one.
    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = -1
        while let entry = readdir(folder) {
            if entry.pointee.d_name.0 != UInt8(ascii: ".") { count += 1 }
        }
        return count
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
