// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// SHA-256 by libcrypto (EVP_Digest(3)). It cannot fail unless memory is out, which ends the program.
enum SHA256 {
    static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let made = EVP_Digest(bytes, bytes.count, &result, &written, EVP_sha256(), nil)
        precondition(made == 1 && written == 32, "libcrypto has no memory for SHA-256")
        return result
    }
}
