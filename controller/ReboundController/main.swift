// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import ControllerService
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
var context = CommandContext.system()
context.serve = { order in try await ControllerService(order: order).run() }
let status = await CommandProgram.run(ControllerCommand.self, arguments: arguments, in: context)
// Not exit(3): its handlers would free OpenSSL's and libcurl's state under the threads that still use it. What must
// last is in the store by now.
fflush(nil)
_exit(status.rawValue)
