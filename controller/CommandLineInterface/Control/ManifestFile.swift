// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl
internal import Glibc

/// A file of manifests, read and checked.
struct ManifestFile {
    var name: String
    var documents: [ManifestDocument]

    /// Reads a file, or standard input for `-`. Throws a usage failure with every problem on its line.
    static func read(_ path: String) throws(CommandFailure) -> ManifestFile {
        do {
            return try checked(path)
        } catch let failure as ValidationFailure {
            throw CommandFailure(failure)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(anything: error)
        }
    }

    /// The same, with the problems as they are.
    static func checked(_ path: String) throws -> ManifestFile {
        let name = path == "-" ? "standard input" : path
        let documents = try ManifestReader.read(bytes: try bytes(of: path), file: path, zones: ZoneFolder().names)
        return ManifestFile(name: name, documents: documents)
    }

    /// The experiment to run, and the policies beside it.
    func experiment(named wanted: String?) throws(CommandFailure) -> (Experiment, [Policy]) {
        var experiments: [Experiment] = []
        var policies: [Policy] = []
        for document in documents {
            switch document {
            case .experiment(let experiment): experiments.append(experiment)
            case .policy(let policy): policies.append(policy)
            case .run, .injection, .schedule, .host, .namespace, .roleBinding, .clusterRoleBinding: break
            }
        }
        let names = experiments.map(\.metadata.name)
        if let wanted { experiments.removeAll { $0.metadata.name != wanted } }
        guard let experiment = experiments.first else {
            let found = names.isEmpty ? "It holds none." : "It holds \(names.joined(separator: ", "))."
            throw CommandFailure(
                .usage, "there is no experiment \(wanted.map { $0 + " " } ?? "")in \(name)", hint: found)
        }
        guard experiments.count == 1 else {
            throw CommandFailure(
                .usage, "\(name) holds \(experiments.count) experiments: \(names.joined(separator: ", "))",
                hint: "Choose one with --name.")
        }
        return (experiment, policies)
    }

    /// One byte more than is allowed is read, so that a longer text is seen to be too long.
    static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { if path != "-" { close(descriptor) } }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while content.count <= ManifestLimits.bytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { break }
            content += buffer.prefix(count)
        }
        return content
    }

    private static func unreadable(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(
            .usage, "\(path) cannot be read: \(String(cString: strerror(code)))",
            hint: "Give the path of a manifest, or - for standard input.")
    }
}

extension CommandFailure {
    /// Every problem on its line, as `file:line:column: what`.
    init(_ failure: ValidationFailure) {
        let count = failure.problems.count
        self.init(
            .usage, count == 1 ? "1 problem in \(failure.file)" : "\(count) problems in \(failure.file)",
            hint: "See `rebound explain experiment.spec` for what may be written.",
            details: failure.problems.map { StyledLine($0.rendered(file: failure.file)) })
    }
}
