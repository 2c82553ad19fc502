// SPDX-License-Identifier: Apache-2.0

/// Where a command writes, and what it may use there. Answers go to `output`; everything else to `notices`.
package struct Console: Sendable {
    /// One of the two streams.
    package struct Stream: Sendable {
        package var isTerminal: Bool
        /// Writes all of the text, or says why not (errno).
        package var write: @Sendable (String) -> Int32

        package init(isTerminal: Bool, write: @escaping @Sendable (String) -> Int32) {
            self.isTerminal = isTerminal
            self.write = write
        }
    }

    package var output: Stream
    package var notices: Stream
    package var environment: [String: String]
    /// The terminal behind `notices`; nil when there is none or it does not say.
    package var size: @Sendable () -> TerminalSize?

    package init(
        output: Stream, notices: Stream, environment: [String: String], size: @escaping @Sendable () -> TerminalSize?
    ) {
        self.output = output
        self.notices = notices
        self.environment = environment
        self.size = size
    }

    /// https://no-color.org: set and not empty means no colour. A dumb terminal knows no escape sequences at all.
    var allowsColour: Bool { (environment["NO_COLOR"] ?? "").isEmpty && !isDumb }
    var isDumb: Bool { environment["TERM"].map { $0 == "dumb" || $0.isEmpty } ?? true }

    /// Whether the locale takes more than ASCII (POSIX 8.2: LC_ALL, then LC_CTYPE, then LANG).
    var takesUnicode: Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
    }

    /// Colours only for a terminal that knows them, and whose owner did not say no.
    package func palette(for stream: Stream, noColor: Bool) -> Palette {
        Palette(coloured: stream.isTerminal && allowsColour && !noColor)
    }

    /// Writes an answer. Throws when the stream does not take it; a reader that went away has had enough, and is no
    /// error.
    func answer(_ text: String) throws(CommandFailure) {
        let failure = output.write(text)
        guard failure == 0 || failure == Self.brokenPipe else {
            throw CommandFailure(
                .error, "the answer could not be written to standard output (errno \(failure))",
                hint: "Look at where standard output goes: a full disk, a closed file?")
        }
    }

    /// EPIPE of errno(3) on Linux.
    private static let brokenPipe: Int32 = 32

    /// Writes to standard error. When that cannot be written there is nobody left to tell.
    func notice(_ lines: [StyledLine], noColor: Bool = false) {
        _ = notices.write(palette(for: notices, noColor: noColor).text(lines))
    }
}

/// Cells of a terminal.
package struct TerminalSize: Sendable, Equatable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}
