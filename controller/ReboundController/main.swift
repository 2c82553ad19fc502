// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
let status = await CommandProgram.run(ControllerCommand.self, arguments: arguments, in: .system())
// Not exit(3): its handlers would free OpenSSL's and libcurl's state under the threads that still use it. What must
// last is in the store by now.
fflush(nil)
_exit(status.rawValue)
