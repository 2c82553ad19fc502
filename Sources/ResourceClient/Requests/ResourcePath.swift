// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// A path below the server's address, with its query. Names are escaped here, so that none can lead elsewhere.
package struct ResourcePath: Sendable, Equatable, CustomStringConvertible {
    private var path: String
    private var query: [String] = []

    /// The whole, as it goes into a URL.
    package var description: String { query.isEmpty ? path : path + "?" + query.joined(separator: "&") }

    /// A path that is none of a resource, such as `/healthz`; its parts are escaped.
    package init(_ parts: String...) {
        path = parts.reduce("") { $0 + "/" + Self.escaped($1) }
    }

    /// A collection; a nil namespace is that of all namespaces.
    package init(_ kind: ResourceKind, namespace: String?) {
        path = (kind.apiVersion.contains("/") ? "/apis/" : "/api/") + kind.apiVersion
        if kind.isNamespaced, let namespace { add("namespaces", namespace) }
        add(kind.plural)
    }

    /// One resource, or a subresource of it.
    package init(_ kind: ResourceKind, namespace: String, name: String, subresource: String? = nil) {
        self.init(kind, namespace: namespace)
        add(name)
        if let subresource { add(subresource) }
    }

    /// Below `/apis/rebound.chaos/v1`, such as `halt`.
    package static func group(_ parts: String...) -> ResourcePath {
        var path = ResourcePath()
        path.path = "/apis/" + reboundAPIVersion
        for part in parts { path.add(part) }
        return path
    }

    /// With a parameter; one that is nil or empty is left out.
    package func with(_ name: String, _ value: String?) -> ResourcePath {
        guard let value, !value.isEmpty else { return self }
        var path = self
        path.query.append(name + "=" + Self.escaped(value))
        return path
    }

    private mutating func add(_ parts: String...) {
        for part in parts { path += "/" + Self.escaped(part) }
    }

    /// Percent-encodes all but unreserved characters (RFC 3986, 2.3). A name made of dots alone would be taken for a
    /// step in the path, and is escaped too.
    private static func escaped(_ text: String) -> String {
        let isStep = !text.isEmpty && text.utf8.allSatisfy { $0 == 0x2E }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x7E: bytes.append(byte)
            case 0x2E where !isStep: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
