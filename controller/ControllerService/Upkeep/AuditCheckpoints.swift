// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import Identity
import Logging
import ResourceStore

/// Signs the chain of the audit log at intervals, so that who changes it later would need the key too.
struct AuditCheckpoints: Sendable {
    let trail: any AuditTrail
    let key: PrivateKey
    let interval: Duration
    let clock: any ControlClock
    let logger: Logger

    /// Goes on until cancelled. A checkpoint that could not be written is tried again at the next turn.
    func run() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: interval) } catch { return }
            await sign()
        }
    }

    func sign() async {
        do throws(StoreError) {
            let checkpoint = try await trail.checkpoint(key: key.publicKey.id, at: clock.wall()) { [key] message in
                try key.signature(over: message)
            }
            if let checkpoint {
                logger.debug("the audit log was signed", metadata: ["sequence": "\(checkpoint.head.sequence)"])
            }
        } catch {
            logger.warning("the audit log was not signed", metadata: ["reason": "\(error.message)"])
        }
    }
}
