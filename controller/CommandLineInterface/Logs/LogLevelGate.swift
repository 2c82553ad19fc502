// SPDX-License-Identifier: Apache-2.0
package import Logging
internal import Synchronization

/// The level of every logger of this process, which can be changed while they log.
package final class LogLevelGate: Sendable {
    private let index: Atomic<Int>

    package init(_ level: Logger.Level) { index = Atomic(Self.index(of: level)) }

    package var level: Logger.Level {
        get { Logger.Level.allCases[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}

/// A handler that is as talkative as its gate says, whatever copies of it were made before.
package struct GatedLogHandler: LogHandler {
    private var inner: LineLogHandler
    private let gate: LogLevelGate

    package init(_ inner: LineLogHandler, gate: LogLevelGate) {
        self.inner = inner
        self.gate = gate
    }

    /// Of the whole process: setting it on one logger changes nothing.
    package var logLevel: Logger.Level {
        get { gate.level }
        set { _ = newValue }
    }

    package var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) { inner.log(event: event) }
}
