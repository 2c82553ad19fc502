// SPDX-License-Identifier: Apache-2.0
import FaultJournal
import FaultModel
import Glibc
import HostSystem

/// Reads the document and holds what it names.
func inject(_ folder: String) throws -> ExitCode {
    let input = Input()
    guard let bytes = input.document(within: .seconds(10)) else {
        let hint = "write the document to standard input, and keep it open"
        Speaker().say("refused", HostError(.timedOut, "no document came", hint: hint))
        return .usage
    }
    let signals = try Signals()
    do throws(ValidationFailure) {
        let injection = try HostInjection.read(bytes)
        let injector = Injector(
            journal: Journal(folder: folder), injection: injection, input: input, speaker: Speaker(id: injection.id),
            signals: signals)
        return injector.run()
    } catch {
        let problems = error.problems.map { ManifestNode(.text($0.description)) }
        Speaker().say("refused", [("problems", .sequence(problems))])
        return .usage
    }
}

func carryOut(_ arguments: Arguments) throws -> ExitCode {
    let journal = Journal(folder: arguments.folder)
    switch arguments.order {
    case .help:
        print(Help.text, terminator: "")
        return .done
    case .run: return try inject(arguments.folder)
    case .status(let verifies): return try ByHand(journal: journal).status(verifies: verifies)
    case .revertAll: return try ByHand(journal: journal).revert(only: nil)
    case .revertOne(let id): return try ByHand(journal: journal).revert(only: id)
    case .guardInjection(let id, let deadline):
        var watching = Guard(undoing: Undoing(journal: journal), id: id, deadline: deadline)
        return try watching.run()
    }
}

Standing.take()
switch Arguments.read(Array(CommandLine.arguments.dropFirst())) {
case .failure(let fault):
    Speaker().say(
        "refused", HostError(.failed, fault.message, hint: "`rebound-inject --help` tells what there is"))
    exit(ExitCode.usage.rawValue)
case .success(let arguments):
    do {
        exit(try carryOut(arguments).rawValue)
    } catch let error as HostError {
        Speaker().say("refused", error)
    } catch {
        Speaker().say("refused", HostError(.failed, "\(error)", hint: "run `rebound-inject status`"))
    }
    exit(ExitCode.dirty.rawValue)
}
