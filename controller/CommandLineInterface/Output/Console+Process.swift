// SPDX-License-Identifier: Apache-2.0
internal import Glibc

extension Console {
    /// The standard streams of this process.
    package static func ofProcess(environment: [String: String]) -> Console {
        Console(
            output: .descriptor(STDOUT_FILENO), notices: .descriptor(STDERR_FILENO), environment: environment,
            size: { TerminalSize(descriptor: STDERR_FILENO) })
    }
}

extension Console.Stream {
    fileprivate static func descriptor(_ descriptor: Int32) -> Self {
        Self(isTerminal: isatty(descriptor) == 1) { text in writeAll(text, to: descriptor) }
    }
}

extension TerminalSize {
    /// What the terminal says (ioctl_tty(2)); nil when it is none or says zero.
    init?(descriptor: Int32) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        self.init(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}

/// Writes every byte; 0, or the errno of the call that failed. A descriptor that would block is waited for.
private func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let written = write(descriptor, rest.baseAddress, rest.count)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                continue
            }
            let failure = errno
            guard failure == EINTR || failure == EAGAIN else { return failure }
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if failure == EAGAIN { _ = poll(&poller, 1, -1) }
        }
        return 0
    }
}
