// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// One operation of the API, as both versions of OpenAPI describe it.
struct APIOperation {
    struct Parameter {
        var name: String
        var type = "string"
        var doc: String
        /// The words that are understood; nil where others are. An empty text is always as good as none.
        var words: [String]?
    }

    struct Body {
        var types: [String]
        /// The schema's name; nil for a small body that is described in words.
        var schema: String?
    }

    var path: String
    var method: String
    var id: String
    var doc: String
    /// `list`, `post`, … as Kubernetes marks them.
    var action: String
    var query: [Parameter] = []
    var body: Body?
    /// Status codes with the schema of what is answered; nil is anything.
    var answers: [(code: Int, schema: String?)]
    var answerType = "application/json"
    var resource: ServedResource

    /// The statuses with which it is refused; each comes with a `Status`.
    var refusals: [Int] {
        var codes: Set<Int> = [400, 401, 403, 404, 406, 408, 413, 422, 500, 503, 504]
        if body != nil { codes.formUnion([409, 415, 507]) }
        if action == "list" || action == "deletecollection" { codes.insert(410) }
        return codes.sorted()
    }

    /// The names in braces.
    var pathParameters: [String] {
        path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
    }
}

/// All operations on a resource.
struct APIOperations {
    let resource: ServedResource

    private var root: String { resource.group.isEmpty ? "/api/v1" : "/apis/\(resource.group)/v1" }
    private var collection: String {
        root + (resource.isNamespaced ? "/namespaces/{namespace}" : "") + "/\(resource.plural)"
    }
    private var item: String { collection + "/{name}" }
    private var kind: String { SchemaNames.kind(resource) }
    private static let patchTypes = ["application/json-patch+json", "application/merge-patch+json"]
    private static let mainTypes = ["application/json", "application/yaml"]

    var all: [APIOperation] {
        var operations = reading
        guard resource.stored != nil else { return operations }
        operations += [create, update(item, ""), patch(item, ""), delete]
        if resource.verbs.contains("deletecollection") { operations.append(deleteCollection) }
        operations += [
            get(item + "/status", "Status"), update(item + "/status", "Status"), patch(item + "/status", "Status"),
        ]
        return operations + actions
    }

    private func operation(
        _ method: String, _ path: String, _ verb: String, _ suffix: String, _ doc: String, _ action: String,
        answers: [(Int, String?)]
    ) -> APIOperation {
        let scope = path.contains("{namespace}") ? "Namespaced" : ""
        return APIOperation(
            path: path, method: method, id: "\(verb)\(scope)\(resource.kind)\(suffix)", doc: doc, action: action,
            answers: answers.map { (code: $0.0, schema: $0.1) }, resource: resource)
    }

    private var reading: [APIOperation] {
        var list = operation(
            "get", collection, "list", "", "Lists or watches.", "list", answers: [(200, SchemaNames.list(resource))])
        list.query = Self.listParameters
        var found = [list, get(item, "")]
        if resource.isNamespaced {
            var all = operation(
                "get", "\(root)/\(resource.plural)", "list", "ForAllNamespaces", "Lists or watches all namespaces.",
                "list", answers: [(200, SchemaNames.list(resource))])
            all.query = Self.listParameters
            found.append(all)
        }
        return found
    }

    private func get(_ path: String, _ suffix: String) -> APIOperation {
        operation("get", path, "read", suffix, "Reads one.", "get", answers: [(200, kind)])
    }

    private var create: APIOperation {
        var made = operation("post", collection, "create", "", "Creates one.", "post", answers: [(201, kind)])
        made.body = .init(types: Self.mainTypes, schema: kind)
        made.query = Self.writeParameters
        return made
    }

    private func update(_ path: String, _ suffix: String) -> APIOperation {
        var made = operation(
            "put", path, "replace", suffix, "Replaces one; the resourceVersion must be that of what is stored.", "put",
            answers: [(200, kind)])
        made.body = .init(types: Self.mainTypes, schema: kind)
        made.query = Self.writeParameters
        return made
    }

    private func patch(_ path: String, _ suffix: String) -> APIOperation {
        var made = operation("patch", path, "patch", suffix, "Changes one.", "patch", answers: [(200, kind)])
        made.body = .init(types: Self.patchTypes, schema: SchemaNames.patch)
        made.query = Self.writeParameters
        return made
    }

    private var delete: APIOperation {
        var made = operation("delete", item, "delete", "", "Deletes one.", "delete", answers: [(200, nil)])
        made.body = .init(types: Self.mainTypes, schema: SchemaNames.deleteOptions)
        made.query = [
            Self.dryRun,
            .init(
                name: "propagationPolicy", doc: "Background, Foreground or Orphan.",
                words: DeleteOptions.Propagation.allCases.map(\.rawValue)),
        ]
        return made
    }

    private var deleteCollection: APIOperation {
        var made = operation(
            "delete", collection, "deletecollection", "", "Deletes what is selected.", "deletecollection",
            answers: [(200, nil)])
        made.body = .init(types: Self.mainTypes, schema: SchemaNames.deleteOptions)
        made.query = Self.listParameters + [Self.dryRun]
        return made
    }

    /// What Rebound does beyond Kubernetes.
    private var actions: [APIOperation] {
        let words = [
            "abort": "Ends a run early and reverts.", "approve": "Agrees to a plan.",
            "plan": "Says what a run would do; changes nothing.", "run": "Starts a run.",
            "observations": "The samples, one JSON document a line; follows while the run is under way.",
            "report": "What a run measured.",
        ]
        return resource.subresources.filter { $0.name != "status" }.map { sub in
            let isReading = sub.verbs == ["get"]
            let answers: [(Int, String?)] =
                switch sub.name {
                case "abort", "approve": [(200, kind)]
                case "run": [(201, SchemaNames.kind(.runs))]
                default: [(200, nil)]
                }
            var made = operation(
                isReading ? "get" : "post", item + "/" + sub.name, isReading ? "read" : "create",
                sub.name.prefix(1).uppercased() + sub.name.dropFirst(), words[sub.name] ?? "",
                isReading ? "connect" : "post", answers: answers)
            if !isReading { made.body = .init(types: Self.mainTypes, schema: nil) }
            if sub.name == "report" {
                let words = ReportFormat.allCases.map(\.rawValue)
                made.query = [.init(name: "format", doc: words.joined(separator: ", "), words: words)]
            }
            if sub.name == "observations" { made.answerType = "application/x-ndjson" }
            return made
        }
    }

    private static let dryRun = APIOperation.Parameter(name: "dryRun", doc: "All: nothing is written.", words: ["All"])

    private static let writeParameters: [APIOperation.Parameter] = [
        dryRun, .init(name: "fieldManager", doc: "Read and not acted on."),
        .init(
            name: "fieldValidation", doc: "Strict, which is the default, Warn or Ignore.",
            words: ["Strict", "Warn", "Ignore"]),
    ]

    private static let listParameters: [APIOperation.Parameter] = [
        .init(name: "labelSelector", doc: "Only what has these labels."),
        .init(name: "fieldSelector", doc: "Only what has these fields."),
        .init(name: "limit", type: "integer", doc: "The most of one page."),
        .init(name: "continue", doc: "What the page before gave."),
        .init(name: "resourceVersion", doc: "What version must have been reached, or where a watch begins."),
        .init(name: "resourceVersionMatch", doc: "NotOlderThan or Exact.", words: ["NotOlderThan", "Exact"]),
        .init(name: "watch", type: "boolean", doc: "Go on with what changes."),
        .init(name: "allowWatchBookmarks", type: "boolean", doc: "Say now and then how far a watch has come."),
        .init(name: "sendInitialEvents", type: "boolean", doc: "Begin a watch with what there is."),
        .init(name: "timeoutSeconds", type: "integer", doc: "How long a watch lasts."),
    ]
}
