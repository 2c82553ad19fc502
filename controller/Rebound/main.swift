// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Glibc

// A reader that goes away is an error of write(2), not a reason to die with a fault held.
signal(SIGPIPE, SIG_IGN)
let context = CommandContext(console: .ofProcess(environment: ProcessEnvironment.current))
exit(
    await CommandProgram.run(ReboundCommand.self, arguments: Array(CommandLine.arguments.dropFirst()), in: context)
        .rawValue)
