// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Compares secrets in a time that depends on their lengths only (CRYPTO_memcmp(3)).
package func isEqualInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}

/// Bytes that nobody can guess (RAND_bytes(3), seeded by the kernel).
package enum SecretBytes {
    /// Throws `.library` when the machine has no entropy; weaker bytes are never given instead.
    package static func random(_ count: Int) throws(IdentityError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .library("make random bytes") }
        return bytes
    }
}
