// SPDX-License-Identifier: Apache-2.0

/// CRC-32C (RFC 3720, section 12.1, polynomial 1EDC6F41 reflected): tells a record that was written whole from one that
/// was not. Against those who mean harm no keyless digest helps; they are met by checking what a record says.
package enum Checksum {
    private static let table: [UInt32] = (0..<256).map { start in
        (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    /// The checksum of bytes.
    package static func value(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { value, byte in value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)] }
    }
}
