// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 and HMAC-SHA256 by libcrypto (EVP_Digest(3), HMAC(3)). A digest of memory cannot fail unless memory is out,
/// which ends the process as any failed allocation in Swift does.
package enum SHA256 {
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let made = EVP_Digest(bytes, bytes.count, &result, &written, EVP_sha256(), nil)
        precondition(made == 1 && written == 32, "libcrypto has no memory for a digest")
        return result
    }

    package static func authenticationCode(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let made = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &result, &written)
        precondition(made != nil && written == 32, "libcrypto has no memory for HMAC-SHA256")
        return result
    }
}

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
