// SPDX-License-Identifier: Apache-2.0

/// Writes Protocol Buffers (https://protobuf.dev/programming-guides/encoding/), as far as they are needed.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func text(_ field: Int, _ value: String) { self.bytes(field, Array(value.utf8)) }

    mutating func boolean(_ field: Int, _ value: Bool) {
        if value { integer(field, 1) }
    }

    mutating func integer(_ field: Int, _ value: UInt64) {
        variable(UInt64(field) << 3)
        variable(value)
    }

    mutating func double(_ field: Int, _ value: Double) {
        variable(UInt64(field) << 3 | 1)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64(shift)))) }
    }

    mutating func message(_ field: Int, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        self.bytes(field, inner.bytes)
    }

    private mutating func bytes(_ field: Int, _ value: [UInt8]) {
        variable(UInt64(field) << 3 | 2)
        variable(UInt64(value.count))
        bytes += value
    }

    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
