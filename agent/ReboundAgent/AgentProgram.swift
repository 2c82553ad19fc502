// SPDX-License-Identifier: Apache-2.0
import AgentRuntime
import ChaosModel
// Sources are not marked Sendable, though dispatch_source_cancel(3) may be called from any thread; that is all we do
// with them.
@preconcurrency import Dispatch
import Glibc
import Logging

/// Wires the agent of this host: arguments, signals, parts.
struct AgentProgram {
    let arguments: [String]
    private let logger = Logger(label: "rebound-agent", factory: { _ in AgentLog() })

    /// Usage, as with `rebound`; other failures.
    private static let usage: Int32 = 2
    private static let failed: Int32 = 4

    init(arguments: [String]) { self.arguments = arguments }

    /// The exit status.
    func run() async -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do {
            let order = try AgentArguments(arguments)
            switch order.command {
            case .help: print(AgentArguments.usage)
            case .version: print("rebound-agent \(programVersion)")
            case .enrol: try await enrol(order)
            case .run: try await serve(order)
            }
            return 0
        } catch {
            let trouble = AgentTrouble(error, nil)
            AgentLog.write("error: \(trouble.message)\n" + (trouble.hint.isEmpty ? "" : "hint: \(trouble.hint)\n"))
            return (error as? AgentError)?.code == .usage ? Self.usage : Self.failed
        }
    }

    private func clients() throws -> AgentClients {
        AgentClients(
            transport: try AgentClients.transport(), clock: ContinuousClock(), chance: { Double.random(in: 0..<1) })
    }

    private func enrol(_ order: AgentArguments) async throws {
        let enrolment = Enrolment(folder: order.folder, clients: try clients())
        let identity = try await enrolment.enrol(
            try order.order(), again: order.flags.contains("again"), at: HostClocks.system.reading().date)
        print("enrolled as \(identity.host) at \(identity.server) until \(try identity.expiry())")
        do { try await enrolment.register(identity) } catch {
            let trouble = AgentTrouble(error, identity)
            AgentLog.write("warning: the Host is not made yet, and will be by `run`: \(trouble.message)\n")
        }
    }

    private func serve(_ order: AgentArguments) async throws {
        let link = try AgentLink(
            folder: order.folder, clients: try clients(), clocks: .system,
            settings: .init(heartbeat: try order.heartbeat()), look: { HostFacts.read() }, logger: logger)
        logger.notice("agent started", metadata: ["version": "\(programVersion)"])
        let work = Task { await link.run() }  // Cancelled and waited for below.
        for await number in Self.signals() {
            logger.notice("agent stops", metadata: ["because": "signal \(number)"])
            break
        }
        work.cancel()
        await work.value
    }

    /// SIGINT and SIGTERM, no longer as reasons to die.
    private static func signals() -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingNewest(4)) { continuation in
            let queue = DispatchQueue(label: "agent.signals")
            let sources = [SIGINT, SIGTERM].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield(number) }
                source.activate()
                return source
            }
            continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
        }
    }
}
