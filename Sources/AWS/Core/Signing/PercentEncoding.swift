// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding as SigV4 demands it: every byte of UTF-8 but A-Z a-z 0-9 - . _ ~ becomes %XX with capital digits
/// (RFC 3986, section 2.3). A space is %20.
package enum PercentEncoding {
    package static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
        var result: [UInt8] = []
        append(text, to: &result) { keepingSlashes && $0 == UInt8(ascii: "/") ? $0 : nil }
        return String(decoding: result, as: UTF8.self)
    }

    /// `exception` gives what a byte that is not unreserved is written as; nil: encoded.
    private static func append(_ text: String, to result: inout [UInt8], exception: (UInt8) -> UInt8?) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
        result.reserveCapacity(result.count + text.utf8.count)
        for byte in text.utf8 {
            if let plain = isUnreserved(byte) ? byte : exception(byte) {
                result.append(plain)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(digit(byte >> 4))
                result.append(digit(byte & 15))
            }
        }
    }

    /// `name=value&…` of a URL's query, in the order given.
    package static func query(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
    }

    /// `name=value&…` of an `application/x-www-form-urlencoded` body, in the order given. There a space is a plus
    /// (URL standard, section 5.2); so AWS's own tools write it, and servers that write a form anew to check its
    /// signature rely on it.
    package static func form(_ fields: [(name: String, value: String)]) -> [UInt8] {
        func plus(_ byte: UInt8) -> UInt8? { byte == UInt8(ascii: " ") ? UInt8(ascii: "+") : nil }
        var result: [UInt8] = []
        for field in fields {
            if !result.isEmpty { result.append(UInt8(ascii: "&")) }
            append(field.name, to: &result, exception: plus)
            result.append(UInt8(ascii: "="))
            append(field.value, to: &result, exception: plus)
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
