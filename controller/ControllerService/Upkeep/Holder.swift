// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Glibc

/// This process, as an operator finds it.
enum Holder {
    /// `ops-1, process 4711, since 1795000000`: the last part, in seconds since 1970, tells two processes with one
    /// number apart.
    static var name: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return "\(Requester.hostName), process \(getpid()), since \(now.tv_sec)"
    }
}
