// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import HTTPTransport
internal import Identity
package import Logging
internal import ResourceClient

/// The agent's link to its controller. It dials out and listens on nothing: at each heartbeat it compares clocks, and
/// writes the status of its Host. What fails is tried again, after waits that grow and are drawn by chance, for as long
/// as the agent runs. The certificate is renewed when a third of its life is left.
package actor AgentLink {
    /// What the agent is told.
    package struct Settings: Sendable {
        /// How often it reports; 1 s to 1 h.
        package var heartbeat: Duration
        /// How often it looks anew at what the host is, in heartbeats.
        package var lookEvery = 60

        package init(heartbeat: Duration) { self.heartbeat = heartbeat }
    }

    private let folder: AgentFolder
    private let clients: AgentClients
    private let clocks: HostClocks
    private let settings: Settings
    private let look: @Sendable () -> HostFacts
    private let logger: Logger
    private let retries = RetrySchedule(first: .seconds(1), most: .seconds(30))

    private var identity: AgentIdentity
    private var client: ResourceClient
    private var comparison = ClockComparison()
    private var facts: HostFacts
    private var beatsSinceLook = 0
    /// What the controller is known to have; nil when it is to be told everything.
    private var told: HostReport.Facts?
    private var failures = 0
    private var lastTrouble: String?

    /// Throws what is wrong with the identity. Nothing is sent yet.
    package init(
        folder: AgentFolder, clients: AgentClients, clocks: HostClocks, settings: Settings,
        look: @escaping @Sendable () -> HostFacts, logger: Logger
    ) throws {
        self.folder = folder
        self.clients = clients
        self.clocks = clocks
        self.settings = settings
        self.look = look
        self.logger = logger
        identity = try folder.enrolled()
        client = clients.client(try identity.connection())
        facts = look()
    }

    /// Keeps the link until the task is cancelled; then a heartbeat that is under way is given up.
    package func run() async {
        while !Task.isCancelled {
            let wait: Duration
            do {
                try await beat()
                noteSuccess()
                wait = settings.heartbeat
            } catch {
                guard !Task.isCancelled else { return }
                noteFailure(error)
                wait = retries.wait(afterFailures: failures, chance: clients.chance())
            }
            do { try await clients.clock.sleep(for: wait) } catch { return }
        }
    }

    /// One heartbeat. Throws what keeps it from being known to have arrived.
    package func beat() async throws {
        if beatsSinceLook >= settings.lookEvery {
            facts = look()
            beatsSinceLook = 0
        }
        beatsSinceLook += 1
        try await compareClocks()
        try await renewInTime()
        try await report()
    }

    // MARK: Clock

    private struct ClockAnswer: Decodable { var receivedAt, sentAt: Timestamp }

    private func compareClocks() async throws {
        let sent = clocks.boot()
        let answer = try await client.read(.group("clock"), as: ClockAnswer.self)
        let exchange = ClockExchange(
            sent: sent, received: answer.receivedAt, answered: answer.sentAt, arrived: clocks.boot())
        // One that cannot be is as good as none: the clock was set in between, and the next will tell.
        if let exchange { comparison.add(exchange) }
    }

    // MARK: Reports

    private func report() async throws {
        let current = HostReport.Facts(
            agent: HostAgentStatus(version: programVersion, heartbeat: WrittenDuration(settings.heartbeat)),
            system: facts.system, capabilities: facts.capabilities)
        let clock = comparison.hostClock(clocks.reading())
        let isKnown = told == current && clock != nil
        do throws(ClientError) {
            try await send(HostReport(facts: isKnown ? nil : current, clock: clock))
        } catch {
            told = nil  // Whatever it was, the next report says everything.
            guard error.code == .notFound else { throw error }
            try await Enrolment.register(identity.host, by: client)
            logger.notice("made the host's resource", metadata: ["host": "\(identity.host)"])
            try await send(HostReport(facts: current, clock: clock))
        }
        told = current
    }

    private func send(_ report: HostReport) async throws(ClientError) {
        let body: [UInt8]
        do { body = try report.bytes() } catch {
            throw ClientError(.invalid, "the report cannot be written as JSON", hint: "", cause: error)
        }
        let path = ResourcePath(.host, namespace: "", name: identity.host, subresource: "status")
        _ = try await client.send(
            "PATCH", path, body: body, contentType: "application/json-patch+json",
            accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    }

    // MARK: Certificate

    /// A renewal that fails is tried again at the next heartbeat, as there is a third of the certificate's life for it.
    private func renewInTime() async throws {
        let leaf = try identity.leaf()
        let now = comparison.date(clocks.reading())
        let life = leaf.notAfter.since(leaf.notBefore)
        guard leaf.notAfter.since(now) < life / 3 else { return }
        do {
            let exchange = try LoginExchange(token: nil)
            let answer = try await client.send("POST", ResourcePath("login"), body: exchange.body)
            let renewed = try Enrolment.identity(
                exchange, answer, server: identity.server, trust: identity.authority, at: now)
            try folder.keep(renewed)
            try use(renewed)
            let end = try renewed.leaf().notAfter
            logger.notice("the certificate was renewed", metadata: ["host": "\(renewed.host)", "until": "\(end)"])
        } catch {
            let trouble = AgentTrouble(error, identity)
            logger.warning(
                "the certificate was not renewed",
                metadata: ["until": "\(leaf.notAfter)", "reason": "\(trouble.message)", "hint": "\(trouble.hint)"])
        }
    }

    private func use(_ new: AgentIdentity) throws {
        client = clients.client(try new.connection())
        identity = new
    }

    // MARK: What is said

    private func noteSuccess() {
        if failures > 0 || lastTrouble != nil || told == nil {
            logger.notice("the controller hears this host again", metadata: ["failures": "\(failures)"])
        }
        (failures, lastTrouble) = (0, nil)
    }

    /// Each trouble is said once while it lasts.
    private func noteFailure(_ error: any Error) {
        failures += 1
        if (error as? ClientError)?.code == .unauthorized { takeNewIdentity() }
        let trouble = AgentTrouble(error, identity)
        guard trouble.message != lastTrouble else { return }
        lastTrouble = trouble.message
        let metadata: Logger.Metadata = [
            "controller": "\(identity.server)", "reason": "\(trouble.message)", "hint": "\(trouble.hint)",
        ]
        if trouble.needsPerson {
            logger.error("the controller refuses this host", metadata: metadata)
        } else {
            logger.warning("the controller does not hear this host; it is tried again", metadata: metadata)
        }
    }

    /// After the operator has enrolled the host again, beside this process.
    private func takeNewIdentity() {
        // One that cannot be read is no better than the one in use, whose trouble is said.
        guard let stored = try? folder.identity(), stored != identity else { return }
        do { try use(stored) } catch {
            logger.warning("the new identity is not used", metadata: ["reason": "\(error)"])
        }
    }
}
