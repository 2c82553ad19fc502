// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import Logging

/// Log lines on standard error, as the controller writes its own: `2026-11-24T05:36:04.123Z notice message key=value`.
struct AgentLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let fields = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        Self.write("\(Self.now()) \(event.level.rawValue) \(event.message)\(fields)\n")
    }

    /// One write(2) for each line, so that lines of several threads do not mix. A reader that is gone is nobody's loss.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }

    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let stamp = Timestamp(nanosecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
        return String(stamp.description.dropLast(7)) + "Z"
    }

    private static func quoted(_ text: String) -> String {
        let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 < 0x7F }
        let line = text.replacing("\n", with: " ").replacing("\"", with: "\\\"")
        return isWord ? text : "\"\(line)\""
    }
}
