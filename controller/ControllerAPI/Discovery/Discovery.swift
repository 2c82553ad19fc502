// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// What is served, in the words of Kubernetes's discovery.
enum Discovery {
    static let authorizationGroup = "authorization.k8s.io"

    static func answer(_ wanted: Route.Discovery, _ request: APIRequest) throws(StatusError) -> APIAnswer {
        let accepted = Acceptance(request.accept)
        if wanted == .api || wanted == .groups, let version = accepted.aggregatedDiscovery {
            let document = AggregatedDiscovery(version: version).document(core: wanted == .api)
            return APIAnswer(
                status: 200,
                contentType: "application/json;g=apidiscovery.k8s.io;v=\(version);as=APIGroupDiscoveryList",
                body: .bytes(Array(JSONDocument.compact(document).utf8)))
        }
        _ = try accepted.form(of: [])
        return .json(document(wanted))
    }

    private static func document(_ wanted: Route.Discovery) -> ManifestNode {
        switch wanted {
        case .api: versions
        case .groups: groups
        case .core: resourceList("v1", ServedResource.inCoreGroup)
        case .rebound: group(ServedResource.group, isInList: false)
        case .reboundVersion: resourceList(ServedResource.group + "/v1", ServedResource.inReboundGroup)
        case .authorization: group(authorizationGroup, isInList: false)
        case .authorizationVersion: reviews
        }
    }

    private static let versions = ManifestNode.map([
        "kind": .text("APIVersions"), "versions": .texts(["v1"]), "serverAddressByClientCIDRs": .list([]),
    ])

    private static let groups = ManifestNode.map([
        "kind": .text("APIGroupList"), "apiVersion": .text("v1"),
        "groups": .list([group(ServedResource.group, isInList: true), group(authorizationGroup, isInList: true)]),
    ])

    private static func group(_ name: String, isInList: Bool) -> ManifestNode {
        let version = ManifestNode.map(["groupVersion": .text(name + "/v1"), "version": .text("v1")])
        return .map([
            "kind": isInList ? nil : .text("APIGroup"), "apiVersion": isInList ? nil : .text("v1"),
            "name": .text(name), "versions": .list([version]), "preferredVersion": version,
        ])
    }

    private static func resourceList(_ groupVersion: String, _ served: [ServedResource]) -> ManifestNode {
        .map([
            "kind": .text("APIResourceList"), "apiVersion": .text("v1"), "groupVersion": .text(groupVersion),
            "resources": .list(
                served.flatMap { resource in
                    [entry(resource)]
                        + resource.subresources.map { sub in
                            .map([
                                "name": .text("\(resource.plural)/\(sub.name)"), "singularName": .text(""),
                                "namespaced": .boolean(resource.isNamespaced),
                                "kind": .text(sub.kind.isEmpty ? resource.kind : sub.kind), "verbs": .texts(sub.verbs),
                            ])
                        }
                }),
        ])
    }

    private static func entry(_ resource: ServedResource) -> ManifestNode {
        .map([
            "name": .text(resource.plural), "singularName": .text(resource.singular),
            "namespaced": .boolean(resource.isNamespaced), "kind": .text(resource.kind),
            "verbs": .texts(resource.verbs),
            "shortNames": resource.shortNames.isEmpty ? nil : .texts(resource.shortNames),
            "categories": resource.categories.isEmpty ? nil : .texts(resource.categories),
        ])
    }

    private static let reviews = ManifestNode.map([
        "kind": .text("APIResourceList"), "apiVersion": .text("v1"), "groupVersion": .text(authorizationGroup + "/v1"),
        "resources": .list(
            reviewKinds.map { kind in
                .map([
                    "name": .text(kind.lowercased() + "s"), "singularName": .text(kind.lowercased()),
                    "namespaced": .boolean(false), "kind": .text(kind), "verbs": .texts(["create"]),
                ])
            }),
    ])

    static let reviewKinds = ["SelfSubjectAccessReview", "SelfSubjectRulesReview"]
}

/// All of discovery in one document:
/// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery.
struct AggregatedDiscovery {
    let version: String

    func document(core: Bool) -> ManifestNode {
        let groups: [ManifestNode]
        if core {
            groups = [group("", ServedResource.inCoreGroup.map { resource($0) })]
        } else {
            groups = [
                group(ServedResource.group, ServedResource.inReboundGroup.map { resource($0) }),
                group(Discovery.authorizationGroup, Discovery.reviewKinds.map(review)),
            ]
        }
        return .map([
            "kind": .text("APIGroupDiscoveryList"), "apiVersion": .text("apidiscovery.k8s.io/" + version),
            "metadata": .emptyMap, "items": .list(groups),
        ])
    }

    private func group(_ name: String, _ resources: [ManifestNode]) -> ManifestNode {
        .map([
            "metadata": name.isEmpty ? .emptyMap : .map(["name": .text(name)]),
            "versions": .list([
                .map(["version": .text("v1"), "resources": .list(resources), "freshness": .text("Current")])
            ]),
        ])
    }

    private func resource(_ served: ServedResource) -> ManifestNode {
        let subresources = served.subresources.map { sub -> ManifestNode in
            .map([
                "subresource": .text(sub.name),
                "responseKind": kind(served, sub.kind.isEmpty ? served.kind : sub.kind), "verbs": .texts(sub.verbs),
            ])
        }
        return .map([
            "resource": .text(served.plural), "responseKind": kind(served, served.kind),
            "scope": .text(served.isNamespaced ? "Namespaced" : "Cluster"), "singularResource": .text(served.singular),
            "verbs": .texts(served.verbs),
            "shortNames": served.shortNames.isEmpty ? nil : .texts(served.shortNames),
            "categories": served.categories.isEmpty ? nil : .texts(served.categories),
            "subresources": subresources.isEmpty ? nil : .list(subresources),
        ])
    }

    private func kind(_ served: ServedResource, _ kind: String) -> ManifestNode {
        .map(["group": .text(served.group), "version": .text(served.version), "kind": .text(kind)])
    }

    private func review(_ kind: String) -> ManifestNode {
        .map([
            "resource": .text(kind.lowercased() + "s"),
            "responseKind": .map([
                "group": .text(Discovery.authorizationGroup), "version": .text("v1"), "kind": .text(kind),
            ]),
            "scope": .text("Cluster"), "singularResource": .text(kind.lowercased()), "verbs": .texts(["create"]),
        ])
    }
}
