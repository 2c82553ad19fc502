// SPDX-License-Identifier: Apache-2.0
internal import ExperimentControl
internal import Glibc

extension CommandContext {
    /// What a program of this machine works with. From here on a reader that goes away is an error of write(2), and
    /// not a reason to die with a fault held.
    package static func system() -> CommandContext {
        signal(SIGPIPE, SIG_IGN)
        let environment = ProcessEnvironment.current
        let clock = SystemControlClock()
        var context = CommandContext(
            console: .ofProcess(environment: environment), opening: .system(environment: environment),
            signals: ProcessSignals.stream, now: clock.wall,
            requestedBy: { Requester.current(environment: environment) })
        context.serviceSignals = { ProcessSignals.stream(of: [SIGINT, SIGTERM, SIGHUP]) }
        return context
    }
}
