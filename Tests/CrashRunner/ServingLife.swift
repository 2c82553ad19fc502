// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import ControllerService
import Glibc
import SQLiteStore
import Synchronization

/// `rebound-controller serve` that kills itself with SIGKILL around one commit of its store, as a power cut would:
///
///     REBOUND_TEST_KILL_AT=NUMBER:MOMENT crash-runner serve ...           at its n-th write
///     REBOUND_TEST_KILL_AT=OPERATION:NUMBER:MOMENT crash-runner serve ... at its n-th write of that kind
///
/// MOMENT is `aboutToCommit` or `committed`. It says on standard error where it died.
enum ServingLife {
    static func run(_ arguments: [String]) async -> Never {
        var context = CommandContext.system()
        let fate = Fate(getenv("REBOUND_TEST_KILL_AT").map { String(cString: $0) } ?? "")
        context.serve = { order in
            try await ControllerService(order: order, writeObserver: { fate.note($0, $1) }).run()
        }
        let status = await CommandProgram.run(ControllerCommand.self, arguments: arguments, in: context)
        fflush(nil)
        _exit(status.rawValue)
    }

    /// At which write it is over.
    private final class Fate: Sendable {
        private let operation: StoreWrite.Operation?
        private let number: Int
        private let moment: StoreWrite.Moment?
        /// Apart for each moment: several writes that share a commit are all about to, before the first has.
        private let counts = Mutex<[StoreWrite.Moment: [StoreWrite.Operation: Int]]>([:])

        init(_ text: String) {
            let parts: [Substring] = text.split(separator: ":")
            operation = parts.count > 2 ? StoreWrite.Operation(rawValue: String(parts[0])) : nil
            number = parts.count > 1 ? Int(parts[parts.count - 2]) ?? 0 : 0
            moment = parts.last.flatMap { StoreWrite.Moment(rawValue: String($0)) }
            if text.isEmpty { return }
            precondition(number > 0 && moment != nil && (parts.count == 2 || operation != nil), "KILL_AT=\(text)")
        }

        func note(_ moment: StoreWrite.Moment, _ write: StoreWrite) {
            let ofItsKind = counts.withLock { counts in
                counts[moment, default: [:]][write.operation, default: 0] += 1
                return counts[moment]?[write.operation] ?? 0
            }
            guard moment == self.moment else { return }
            guard operation == nil ? write.number == number : write.operation == operation && ofItsKind == number
            else { return }
            let said = Array("died at write \(write.number) \(write.operation.rawValue) \(moment.rawValue)\n".utf8)
            _ = Glibc.write(STDERR_FILENO, said, said.count)
            kill(getpid(), SIGKILL)
        }
    }
}
