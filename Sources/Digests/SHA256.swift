// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 and HMAC-SHA256 by libcrypto (EVP_Digest(3), HMAC(3)). A digest of memory cannot fail unless memory is out,
/// which ends the process as any failed allocation in Swift does.
package enum SHA256 {
    /// Looked up once: one that was not fetched is looked up anew at each use (crypto(7), "Performance"). Never freed,
    /// and libcrypto's own counting of its uses is thread-safe.
    nonisolated(unsafe) private static let fetched = EVP_MD_fetch(nil, "SHA256", nil)

    /// The 32 bytes of the digest.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: fetched, size: 32) }

    /// The 32 bytes of HMAC-SHA256 (RFC 2104).
    package static func authenticationCode(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let made = HMAC(fetched, key, Int32(key.count), message, message.count, &result, &written)
        precondition(made != nil && written == 32, "libcrypto has no memory for HMAC-SHA256")
        return result
    }
}

/// Only for names that others chose (AWS names the cache files of SSO so); never for security.
package enum SHA1 {
    /// The 20 bytes of the digest.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: EVP_sha1(), size: 20) }
}

private func hash(_ bytes: [UInt8], with algorithm: OpaquePointer?, size: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: size)
    var written: UInt32 = 0
    let made = EVP_Digest(bytes, bytes.count, &result, &written, algorithm, nil)
    precondition(made == 1 && written == size, "libcrypto has no memory for a digest")
    return result
}
