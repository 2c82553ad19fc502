// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// One block of a PEM text (RFC 7468).
package struct PEMBlock: Sendable, Equatable {
    /// `CERTIFICATE`, `PRIVATE KEY`, ...
    package var label: String
    package var bytes: [UInt8]
}

/// Reads and writes PEM with libcrypto (PEM_read_bio(3)).
package enum PEM {
    /// More than any bundle we read; more is refused before it is looked at.
    package static let mostBytes = 256 * 1024

    /// The blocks in their order; text around them is passed over. Throws `.malformed` for none, for a broken or an
    /// encrypted block, and for a text that is too long. `name` says in messages what was read.
    package static func blocks(in text: [UInt8], name: String) throws(IdentityError) -> [PEMBlock] {
        let hint = "Give PEM: lines between -----BEGIN ...----- and -----END ...-----."
        guard !text.isEmpty else { throw .malformed("\(name) is empty", hint: hint) }
        guard text.count <= mostBytes else {
            throw .malformed("\(name) has \(text.count) bytes; at most \(mostBytes) are read", hint: hint)
        }
        let source = try MemoryBuffer(reading: text)
        var blocks: [PEMBlock] = []
        while let block = try next(source.raw, name, isFirst: blocks.isEmpty, hint) { blocks.append(block) }
        return blocks
    }

    package static func text(_ label: String, _ bytes: [UInt8]) throws(IdentityError) -> String {
        let buffer = try MemoryBuffer()
        guard PEM_write_bio(buffer.raw, label, "", bytes, bytes.count) > 0 else { throw .library("write PEM") }
        return String(decoding: buffer.contents, as: UTF8.self)
    }

    private static func next(
        _ source: OpaquePointer, _ name: String, isFirst: Bool, _ hint: String
    ) throws(IdentityError) -> PEMBlock? {
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard PEM_read_bio(source, &label, &header, &data, &count) == 1, let label, let header, let data else {
            let isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
            if isEnd && !isFirst {
                ERR_clear_error()
                return nil
            }
            throw .malformed(isEnd ? "\(name) holds no PEM block" : "\(name) is broken PEM", hint: hint)
        }
        defer {
            CRYPTO_free(label, nil, 0)
            CRYPTO_free(header, nil, 0)
            CRYPTO_clear_free(data, count, nil, 0)
        }
        guard header.pointee == 0, String(cString: label) != "ENCRYPTED PRIVATE KEY" else {
            throw IdentityError(
                .unsupportedKey, "\(name) is encrypted with a passphrase.",
                hint: "Take the passphrase off (`openssl pkey -in FILE -out FILE`) and protect the file with mode 0600."
            )
        }
        return PEMBlock(label: String(cString: label), bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    }
}

/// A BIO over memory (BIO_s_mem(3)). Freed with its owner; not shared between threads.
struct MemoryBuffer: ~Copyable {
    let raw: OpaquePointer

    /// Empty, to write into.
    init() throws(IdentityError) {
        guard let raw = BIO_new(BIO_s_mem()) else { throw .library("make a buffer") }
        self.raw = raw
    }

    /// Holds a copy, so that the bytes need not outlive it.
    init(reading bytes: [UInt8]) throws(IdentityError) {
        guard let raw = BIO_new(BIO_s_mem()) else { throw .library("make a buffer") }
        guard BIO_write(raw, bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            BIO_free(raw)
            throw .library("fill a buffer")
        }
        self.raw = raw
    }

    deinit { BIO_free(raw) }

    var contents: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_contents(raw, &start)
        guard count > 0, let start else { return [] }
        return UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }
}
