// SPDX-License-Identifier: Apache-2.0

/// What a signature of the controller is about. It is part of what is signed, so that a signature over one thing can
/// never be shown as one over another.
package enum StatementPurpose: String, Sendable, CaseIterable {
    case auditCheckpoint = "rebound audit checkpoint v1"
    case injection = "rebound injection v1"
}

extension PrivateKey {
    /// Signs `purpose NUL statement`.
    package func sign(_ statement: [UInt8], as purpose: StatementPurpose) throws(IdentityError) -> [UInt8] {
        try signature(over: purpose.framed(statement))
    }
}

extension PublicKey {
    /// Whether this key signed this statement for this purpose.
    package func accepts(
        _ signature: [UInt8], for statement: [UInt8], as purpose: StatementPurpose
    ) throws(IdentityError) -> Bool {
        try accepts(signature, over: purpose.framed(statement))
    }
}

extension StatementPurpose {
    fileprivate func framed(_ statement: [UInt8]) -> [UInt8] { Array(rawValue.utf8) + [0] + statement }
}
