// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import CommandLineInterface
import ControllerAPI
import ExperimentControl
import Identity
import Logging
import ResourceStore

/// Who this controller is, and how others prove who they are: its keys, its certificates, and access by them.
struct FleetIdentity: Sendable {
    /// How long the first administrator's token is good for.
    private static let firstTokenLifetime = Duration.seconds(3_600)
    private static let serverLifetime = Duration.seconds(30 * 86_400)
    /// A working day, and the weeks until a token is needed again.
    private static let loginOptions = LoginService.Options(
        certificateLifetime: .seconds(12 * 3_600), sessionLifetime: .seconds(30 * 86_400))

    let folder: IdentityFolder
    let access: FleetAccess
    let login: LoginService
    private let certificates: ServerCertificates
    private let logger: Logger

    /// Reads the keys in the data folder, and makes what is not there yet.
    init(
        order: ServiceOrder, store: any ResourceStore & CredentialStore, clock: any ControlClock
    ) throws {
        let settings = order.settings
        logger = order.logger
        do throws(IdentityError) {
            folder = try IdentityFolder.open(
                settings.dataFolder + "/identity", authority: settings.authority.map(IdentityFolder.Files.init),
                at: clock.wall())
            access = FleetAccess(
                authority: folder.authority, store: store, options: FleetAccess.Options(), clock: ContinuousClock(),
                now: { clock.wall() }, logger: order.logger)
            login = LoginService(access: access, options: Self.loginOptions)
            let source: ServerCertificates.Source =
                if let files = settings.server {
                    .files(IdentityFolder.Files(files))
                } else {
                    .authority(
                        folder.authority, names: try Self.names(settings.serverNames), lifetime: Self.serverLifetime)
                }
            certificates = try ServerCertificates(
                source, clock: ContinuousClock(), now: { clock.wall() },
                onProblem: { [logger = order.logger] problem in
                    logger.error(
                        "the server's certificate was not renewed; the one before is shown",
                        metadata: ["reason": "\(problem.message)", "hint": "\(problem.hint)"])
                })
        } catch {
            throw CommandFailure(.error, error.message, hint: error.hint)
        }
    }

    /// What the server's certificate is good for: the configured names, and this machine itself.
    private static func names(_ configured: [String]) throws(IdentityError) -> [ServerName] {
        var names: [ServerName] = []
        for text in configured + ["localhost", "127.0.0.1", "::1"] {
            let name = try ServerName(text)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The certificate to show now, and each later one, until its reader goes.
    func identities() -> AsyncStream<ServerIdentity> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { [certificates] continuation in
            // Owned by the stream: ending it cancels the task.
            let task = Task {
                for await pair in certificates.pairs() {
                    continuation.yield(ServerIdentity(certificateChain: pair.chainPEM, privateKey: pair.keyPEM))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The text with the first administrator's login ticket; nil once there is an administrator, or a token of an
    /// earlier start that is still good.
    func firstTokenNotice(address: String) async throws -> String? {
        do {
            guard let token = try await access.firstToken(lifetime: Self.firstTokenLifetime) else { return nil }
            let ticket = LoginTicket(
                server: "https://" + address, authority: try folder.authority.trustPEM(), token: token)
            return """
                This controller has no administrator yet. Become one within an hour: `rebound login --token-file FILE`,
                where FILE holds this ticket, or the log that it stands in. It is good for one login; keep it secret.
                \(try ticket.text())
                """
        } catch let refusal as TokenRefusal {
            switch refusal {
            case .invalid(let reason): throw CommandFailure(.error, reason.message, hint: reason.hint)
            case .unavailable(let reason): throw CommandFailure(reason)
            }
        } catch let error as IdentityError {
            throw CommandFailure(.error, error.message, hint: error.hint)
        }
    }
}

extension IdentityFolder.Files {
    init(_ pair: ControllerConfiguration.KeyPair) { self.init(certificate: pair.certificate, key: pair.key) }
}
