// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Appends reports to a file, one line each, flushed to the disk before they count as delivered.
enum FileReport {
    /// Nil when the line is on the disk; else why not.
    static func append(_ payload: String, to path: String, keepingOutOf folder: String?) -> String? {
        if let folder, isInside(folder, path) { return "\(path) lies in the controller's own folder \(folder)" }
        // Without O_NONBLOCK, opening a pipe that nobody reads would wait for ever (fifo(7)).
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return "cannot open \(path): \(String(cString: strerror(errno)))" }
        defer { close(descriptor) }
        // A line that a full disk cut short is ended first, so that it spoils only itself.
        let line = Array(((endsInMidLine(path) ? "\n" : "") + payload + "\n").utf8)
        var written = 0
        while written < line.count {
            let count = line[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return "cannot write \(path): \(String(cString: strerror(errno)))" }
            written += count
        }
        // A pipe or a device has no disk behind it (EINVAL, fsync(2)); the line has left us all the same.
        if fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS {
            return "cannot flush \(path): \(String(cString: strerror(errno)))"
        }
        return nil
    }

    /// Whoever may write an experiment names the file; the store and the keys are not his to write into.
    private static func isInside(_ folder: String, _ path: String) -> Bool {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let own = resolved(folder), let place = resolved(path) ?? resolved(parent) else { return false }
        return place == own || place.hasPrefix(own + "/")
    }

    /// Without links and steps (realpath(3)); nil for what is not there.
    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func endsInMidLine(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)  // Fails for what has no end, such as a pipe.
        var last: UInt8 = 10
        return size > 0 && pread(descriptor, &last, 1, size - 1) == 1 && last != 10
    }
}
