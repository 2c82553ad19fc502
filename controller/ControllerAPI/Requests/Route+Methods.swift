// SPDX-License-Identifier: Apache-2.0

extension Route {
    /// The methods that are answered there, in alphabetical order.
    var methods: [String] {
        switch self {
        case .root, .version, .metrics, .discovery, .openAPI, .audit, .clock: ["GET"]
        case .health, .readiness: ["GET", "HEAD"]
        case .review, .halt, .resume, .login, .revocation: ["POST"]
        case .credentials: ["GET", "POST"]
        case .resource(let target): target.methods
        }
    }
}

extension ResourceTarget {
    /// From the verbs that discovery names.
    fileprivate var methods: [String] {
        if let subresource {
            let verbs = resource.subresources.first { $0.name == subresource }?.verbs ?? []
            return Set(verbs.compactMap { Self.method($0, ofCollection: subresource != "status") }).sorted()
        }
        let isEverywhere = resource.isNamespaced && namespace == nil
        return Set(
            resource.verbs.compactMap { verb in
                isEverywhere && verb == "create" ? nil : Self.method(verb, ofCollection: name == nil)
            }
        ).sorted()
    }

    private static func method(_ verb: String, ofCollection isCollection: Bool) -> String? {
        switch (verb, isCollection) {
        case ("get", _), ("list", true), ("watch", _): "GET"
        case ("create", true): "POST"
        case ("update", false): "PUT"
        case ("patch", false): "PATCH"
        case ("delete", false), ("deletecollection", true): "DELETE"
        default: nil
        }
    }
}
