// SPDX-License-Identifier: Apache-2.0

/// The parameters of a URL's query, decoded (`application/x-www-form-urlencoded`).
struct QueryParameters: Sendable, Equatable {
    private var values: [String: [String]] = [:]

    init() {}

    /// Nil when an escape is broken or the text is not UTF-8.
    init?(_ query: some StringProtocol) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentDecoding.decoded(parts[0], plusIsSpace: true),
                let value = PercentDecoding.decoded(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { return nil }
            values[name, default: []].append(value)
        }
    }

    /// The first value of that name; nil when there is none or it is empty, as Kubernetes has it.
    subscript(_ name: String) -> String? { values[name]?.first.flatMap { $0.isEmpty ? nil : $0 } }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// `true` and `1` are true, `false`, `0` and absence are false. Throws a bad request for anything else.
    func flag(_ name: String) throws(StatusError) -> Bool {
        switch self[name] {
        case nil, "false", "False", "0": return false
        case "true", "True", "1": return true
        case let other?: throw .badRequest("the parameter \(name) must be true or false, not \(Quoted.text(other))")
        }
    }

    /// A whole number that is not negative. Throws a bad request for anything else.
    func number(_ name: String) throws(StatusError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), value >= 0 else {
            throw .badRequest("the parameter \(name) must be a whole number from 0 up, not \(Quoted.text(text))")
        }
        return value
    }
}

/// RFC 3986 section 2.1.
enum PercentDecoding {
    /// Nil when an escape is broken or what comes out is not UTF-8.
    static func decoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}

/// Shows what a stranger sent, within bounds and without control characters.
enum Quoted {
    static func text(_ value: String) -> String {
        let clean = value.unicodeScalars.prefix(80).map { scalar in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? "?" : String(scalar)
        }
        return "\"" + clean.joined() + (value.unicodeScalars.count > 80 ? "…" : "") + "\""
    }
}
