// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
package import ChaosModel
package import Logging

/// How log lines are written.
package enum LogFormat: String, Sendable, CaseIterable, ExpressibleByArgument { case text, json }

/// One log line, before it is written.
package struct LogLine: Sendable, Equatable {
    package var at: Timestamp
    package var level: Logger.Level
    package var label: String
    package var message: String
    package var metadata: [String: String]

    package init(
        at: Timestamp, level: Logger.Level, label: String, message: String, metadata: [String: String]
    ) {
        self.at = at
        self.level = level
        self.label = label
        self.message = message
        self.metadata = metadata
    }

    /// `2026-11-24T05:36:04.123Z warning run step failed reason="…" run=web-1`
    package var styled: StyledLine {
        let fields = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value))" }.joined()
        return StyledLine([
            Span(Measures.moment(at) + " ", .dim), Span(level.rawValue, Self.tone(level)), Span(" " + message),
            Span(fields, .dim),
        ])
    }

    /// One JSON object on one line. `time`, `level`, `logger` and `message` are ours; metadata stands under `metadata`.
    package var json: String {
        struct Object: Encodable {
            var time: Timestamp
            var level: String
            var logger: String
            var message: String
            var metadata: [String: String]
        }
        let object = Object(time: at, level: level.rawValue, logger: label, message: message, metadata: metadata)
        // Texts and a time are always encodable; the plain line is better than nothing should that ever change.
        return (try? DocumentWriter.line(object)) ?? Palette(coloured: false).text(styled)
    }

    private static func quoted(_ text: String) -> String {
        let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 < 0x7F }
        return isWord ? text : "\"" + text.replacing("\"", with: "\\\"") + "\""
    }

    private static func tone(_ level: Logger.Level) -> Tone {
        switch level {
        case .trace, .debug: .dim
        case .info, .notice: .plain
        case .warning: .warning
        case .error, .critical: .bad
        }
    }
}

/// Hands every line of a logger to one place, without waiting.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let now: @Sendable () -> Timestamp
    private let take: @Sendable (LogLine) -> Void

    package init(
        label: String, level: Logger.Level, now: @escaping @Sendable () -> Timestamp,
        take: @escaping @Sendable (LogLine) -> Void
    ) {
        self.label = label
        logLevel = level
        self.now = now
        self.take = take
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        take(
            LogLine(
                at: now(), level: event.level, label: label, message: event.message.description,
                metadata: all.mapValues { "\($0)" }))
    }
}
