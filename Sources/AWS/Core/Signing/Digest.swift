// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Digests by libcrypto (EVP_Digest(3), HMAC(3)). A digest of memory cannot fail unless memory is out, which ends the
/// process as any failed allocation in Swift does.
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: fetched, size: 32) }

    /// Looked up once: one that was not fetched is looked up anew at each use (crypto(7), "Performance"). Never freed,
    /// and libcrypto's own counting of its uses is thread-safe.
    nonisolated(unsafe) private static let fetched = EVP_MD_fetch(nil, "SHA256", nil)

    /// Only for names of SSO cache files, where AWS chose it; never for security.
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { hash(bytes, with: EVP_sha1(), size: 20) }

    package static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let made = HMAC(fetched, key, Int32(key.count), message, message.count, &result, &written)
        precondition(made != nil && written == 32, "libcrypto has no memory for HMAC-SHA256")
        return result
    }

    package static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hash(_ bytes: [UInt8], with algorithm: OpaquePointer?, size: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: size)
        var written: UInt32 = 0
        let made = EVP_Digest(bytes, bytes.count, &result, &written, algorithm, nil)
        precondition(made == 1 && written == size, "libcrypto has no memory for a digest")
        return result
    }
}
