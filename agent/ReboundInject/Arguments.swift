// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel

/// What the program is asked to do.
enum Order: Equatable {
    case run, status(verifies: Bool), revertAll, revertOne(String), help
    case guardInjection(id: String, deadline: MonotonicInstant)
}

/// The words after the program's name.
struct Arguments: Equatable {
    var order: Order
    var folder: String

    /// Nil and what is wrong.
    static func read(_ words: [String]) -> Result<Self, ArgumentFault> {
        var options: [String: String] = [:]
        var flags: Set<String> = []
        var rest = words.dropFirst()[...]
        while let word = rest.popFirst() {
            switch word {
            case "--journal", "--id", "--deadline":
                guard let value = rest.popFirst() else { return .failure(.init("\(word) needs a value")) }
                options[word] = value
            case "--all", "--verify", "--help": flags.insert(word)
            default: return .failure(.init("\(word) means nothing here"))
            }
        }
        let folder = options["--journal"] ?? Journal.usualFolder
        guard TextRule.path.matches(folder) else { return .failure(.init("--journal must be \(TextRule.path.words)")) }
        if let id = options["--id"], !TextRule.injectionID.matches(id) {
            return .failure(.init("--id must be \(TextRule.injectionID.words)"))
        }
        return order(words.first, options, flags).map { Self(order: $0, folder: folder) }
    }

    private static func order(
        _ verb: String?, _ options: [String: String], _ flags: Set<String>
    ) -> Result<Order, ArgumentFault> {
        if verb == "--help" || verb == "help" || flags.contains("--help") { return .success(.help) }
        let id = options["--id"]
        let extra = options["--deadline"] != nil && verb != "guard"
        if extra { return .failure(.init("--deadline is the guard's")) }
        switch verb {
        case "run" where flags.isEmpty && id == nil: return .success(.run)
        case "status" where flags.subtracting(["--verify"]).isEmpty && id == nil:
            return .success(.status(verifies: flags.contains("--verify")))
        case "revert" where flags == ["--all"] && id == nil: return .success(.revertAll)
        case "revert" where flags.isEmpty:
            return id.map { .success(.revertOne($0)) } ?? .failure(.init("revert needs --all or --id ID"))
        case "guard" where flags.isEmpty:
            guard let id, let nanoseconds = options["--deadline"].flatMap({ Int64($0) }) else {
                return .failure(.init("guard is started by run, and needs --id and --deadline"))
            }
            return .success(.guardInjection(id: id, deadline: MonotonicInstant(nanoseconds: nanoseconds)))
        case "run", "status", "revert", "guard": return .failure(.init("an option is not \(verb ?? "")'s"))
        case nil: return .failure(.init("what to do is missing: run, status or revert"))
        case let word?: return .failure(.init("\(word) is none of run, status and revert"))
        }
    }
}

struct ArgumentFault: Error, Equatable {
    var message: String
    init(_ message: String) { self.message = message }
}
