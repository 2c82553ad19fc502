// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
exit(await CommandProgram.run(ReboundCommand.self, arguments: arguments, in: .system()).rawValue)
