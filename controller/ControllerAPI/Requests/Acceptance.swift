// SPDX-License-Identifier: Apache-2.0

/// What form of an answer a client wants, read from its `Accept` header (RFC 9110 section 12.5.1).
struct Acceptance: Sendable, Equatable {
    enum Form: String, Sendable, Equatable {
        case object = "", table = "Table", partial = "PartialObjectMetadata", partialList = "PartialObjectMetadataList"
        case discovery = "APIGroupDiscoveryList"
    }

    /// One media range with its parameters.
    struct Range: Sendable, Equatable {
        var type: String
        var parameters: [String: String]
        var quality: Double
    }

    let ranges: [Range]
    /// Without the header everything is wanted; with one that leaves nothing, nothing is.
    private let isAbsent: Bool

    init(_ header: String) {
        isAbsent = header.trimmed.isEmpty
        let parts = header.split(separator: ",").prefix(64)
        let found = parts.enumerated().compactMap { index, part in Self.range(part).map { (index, $0) } }
        // The best first; equals in the order written.
        ranges = found.sorted { ($1.1.quality, $0.0) < ($0.1.quality, $1.0) }.map(\.1)
    }

    private static func range(_ text: Substring) -> Range? {
        let pieces = text.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard let type = pieces.first?.lowercased(), type.contains("/") else { return nil }
        var parameters: [String: String] = [:]
        for piece in pieces.dropFirst() {
            let pair = piece.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { parameters[pair[0].lowercased()] = String(pair[1]) }
        }
        let quality = parameters.removeValue(forKey: "q").flatMap { Double($0) } ?? 1
        return quality > 0 ? Range(type: type, parameters: parameters, quality: quality) : nil
    }

    /// The form that is wanted of resources. Throws 406 when nothing that is offered is accepted.
    func form(of forms: Set<Form>) throws(StatusError) -> Form {
        if isAbsent { return .object }
        for range in ranges where Self.matches(range, "application/json") {
            guard let wanted = range.parameters["as"] else { return .object }
            guard let form = Form(rawValue: wanted), forms.contains(form), Self.isKnownVersion(range) else { continue }
            return form
        }
        throw .notAcceptable(["application/json"])
    }

    /// The version of aggregated discovery that is wanted, `v2` or `v2beta1`; nil when it is not.
    var aggregatedDiscovery: String? {
        for range in ranges where Self.matches(range, "application/json") {
            guard range.parameters["as"] == Form.discovery.rawValue else { return nil }
            guard range.parameters["g"] == "apidiscovery.k8s.io", let version = range.parameters["v"],
                ["v2", "v2beta1"].contains(version)
            else { continue }
            return version
        }
        return nil
    }

    private static func matches(_ range: Range, _ type: String) -> Bool {
        if range.type == "*/*" || range.type == type { return true }
        guard range.type.hasSuffix("/*") else { return false }
        return type.hasPrefix(range.type.dropLast())
    }

    private static func isKnownVersion(_ range: Range) -> Bool {
        ["v1", "v1beta1"].contains(range.parameters["v"] ?? "v1")
            && ["meta.k8s.io", nil].contains(range.parameters["g"])
    }
}
