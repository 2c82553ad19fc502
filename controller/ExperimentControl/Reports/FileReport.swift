// SPDX-License-Identifier: Apache-2.0
import ChaosModel
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

/// Reads a webhook's secret when it is needed; it is kept nowhere.
enum SecretReader {
    struct Problem: Error { var message: String }

    static func read(_ source: SecretSource) -> Result<[UInt8], Problem> {
        if let name = source.environment {
            guard let value = getenv(name), value.pointee != 0 else {
                return .failure(
                    Problem(message: "the environment variable \(name) with the webhook's secret is not set"))
            }
            return .success(Array(String(cString: value).utf8))
        }
        let path = source.file ?? ""
        // A pipe or a terminal would keep its reader waiting for ever; without O_NONBLOCK opening one does already.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            return .failure(Problem(message: "cannot open \(path): \(String(cString: strerror(errno)))"))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure(Problem(message: "\(path) is no file that can hold a secret"))
        }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return .failure(Problem(message: "\(path) holds no secret")) }
        let text = buffer.prefix(count).reversed().drop { $0 == 10 || $0 == 13 }.reversed()
        return text.isEmpty ? .failure(Problem(message: "\(path) holds no secret")) : .success(Array(text))
    }
}

/// The parts of an ARN that say where a call goes
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
struct ARNParts {
    let region: String?
    let account: String

    init?(_ arn: String) {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn" else { return nil }
        region = parts[3].isEmpty ? nil : String(parts[3])
        account = String(parts[4])
    }
}
