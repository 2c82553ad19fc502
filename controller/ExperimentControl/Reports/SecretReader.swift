// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc

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
