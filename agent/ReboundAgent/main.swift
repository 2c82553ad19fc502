// SPDX-License-Identifier: Apache-2.0
import Glibc

let status = await AgentProgram(arguments: Array(CommandLine.arguments.dropFirst())).run()
// Not exit(3): its handlers would free OpenSSL's and libcurl's state under the threads that still use it. What must
// last is in files by now.
fflush(nil)
_exit(status)
