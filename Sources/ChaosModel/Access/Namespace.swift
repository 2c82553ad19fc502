// SPDX-License-Identifier: Apache-2.0

/// A place for names, as in Kubernetes: deleting it deletes what is in it.
package struct Namespace: Resource {
    package static let kind = ResourceKind.namespace
    package var apiVersion = ResourceKind.namespace.apiVersion
    package var kind = ResourceKind.namespace
    package var metadata: ObjectMetadata
    package var spec: NamespaceSpec
    package var status: NamespaceStatus?

    package init(metadata: ObjectMetadata) {
        self.metadata = metadata
        spec = NamespaceSpec()
    }

    /// A namespace may be written without a spec, as Kubernetes's own clients do.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        apiVersion = try container.decode(String.self, forKey: .apiVersion)
        kind = try container.decode(ResourceKind.self, forKey: .kind)
        metadata = try container.decode(ObjectMetadata.self, forKey: .metadata)
        spec = try container.decodeIfPresent(NamespaceSpec.self, forKey: .spec) ?? NamespaceSpec()
        status = try container.decodeIfPresent(NamespaceStatus.self, forKey: .status)
    }
}

/// Nothing has to be said of a namespace.
package struct NamespaceSpec: Sendable, Codable, Equatable {
    /// Kubernetes's own list, which its clients may send back; read, kept and not acted on.
    package var finalizers: [String]?

    package init() {}
}

/// What is known of a namespace.
package struct NamespaceStatus: Sendable, Codable, Equatable {
    package enum Phase: String, Sendable, Codable, CaseIterable { case active = "Active", terminating = "Terminating" }
    package var phase: Phase?

    package init(phase: Phase?) { self.phase = phase }
}
