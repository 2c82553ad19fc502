// SPDX-License-Identifier: Apache-2.0

/// The kinds, each as one object schema.
package enum ResourceSchema {
    /// The schema of a kind, from `apiVersion` to `status`.
    package static func schema(for kind: ResourceKind) -> ObjectSchema {
        switch kind {
        case .experiment: experiment
        case .run: run
        case .injection: injection
        case .schedule: schedule
        case .policy: policy
        case .host: host
        case .namespace: namespace
        case .roleBinding: roleBinding
        case .clusterRoleBinding: clusterRoleBinding
        }
    }

    private static let experiment = resource(
        .experiment, "The plan of a chaos experiment.", spec: ExperimentSchema.spec, status: ExperimentSchema.status)
    private static let run = resource(
        .run, "One execution of an experiment.", spec: RunSchema.spec, status: RunSchema.status)
    private static let injection = resource(
        .injection, "One fault put into one target, from reserved to reverted.", spec: RunSchema.injectionSpec,
        status: RunSchema.injectionStatus)
    private static let schedule = resource(
        .schedule, "When to create runs of an experiment.", spec: ScheduleSchema.spec, status: ScheduleSchema.status)
    private static let policy = resource(
        .policy, "The guard rails over every run. Several policies all apply; the most restrictive wins.",
        spec: PolicySchema.spec, status: PolicySchema.status)
    private static let host = resource(
        .host, "A machine that can be reached, as its agent reports it.", spec: HostSchema.spec,
        status: HostSchema.status)
    private static let namespace = resource(
        .namespace, "A place for the names of one team; deleting it deletes what is in it.",
        spec: AccessSchema.namespaceSpec, status: AccessSchema.namespaceStatus, needsSpec: false)
    private static let roleBinding = resource(
        .roleBinding, "Gives one role to users and groups, within the binding's namespace.",
        spec: AccessSchema.binding, status: AccessSchema.bindingStatus)
    private static let clusterRoleBinding = resource(
        .clusterRoleBinding, "Gives one role to users and groups, in every namespace and over what is in none.",
        spec: AccessSchema.binding, status: AccessSchema.bindingStatus)

    /// Every key that some mapping of ours has, for finding fields that a comment swallowed.
    static let knownKeys: Set<String> = {
        var keys: Set<String> = []
        for kind in ResourceKind.allCases { collect(.object(schema(for: kind)), into: &keys) }
        return keys
    }()

    static func collect(_ type: SchemaType, into keys: inout Set<String>) {
        switch type {
        case .object(let schema):
            for field in schema.fields {
                keys.insert(field.name)
                collect(field.type, into: &keys)
            }
        case .list(let item, _), .anyMap(let item), .oneOrMany(let item): collect(item, into: &keys)
        case .text, .integer, .decimal, .boolean, .onlyTrue, .unsigned, .duration, .timestamp, .choice, .textMap,
            .integerOrText:
            break
        }
    }

    private static func resource(
        _ kind: ResourceKind, _ doc: String, spec: ObjectSchema, status: ObjectSchema, needsSpec: Bool = true
    ) -> ObjectSchema {
        ObjectSchema(
            kind.rawValue, doc,
            fields: [
                FieldSchema(
                    "apiVersion", .text(.apiVersion(of: kind)), required: true, "The group and version of the format.",
                    example: kind.apiVersion),
                FieldSchema(
                    "kind", .choice([kind.rawValue]), required: true, "The kind of resource.", example: kind.rawValue),
                FieldSchema(
                    "metadata", .object(metadata(kind)), required: true, "What names the resource.",
                    example: "{ name: web-loses-an-instance }"),
                FieldSchema("spec", .object(spec), required: needsSpec, spec.doc),
                FieldSchema("status", .object(status), "What is known of it. Written by Rebound."),
            ])
    }

    private static func metadata(_ kind: ResourceKind) -> ObjectSchema {
        let isOurs = kind == .run || kind == .injection
        return ObjectSchema(
            isOurs ? "RunMetadata" : "Metadata", "Metadata with the meaning it has in Kubernetes.",
            fields: [
                FieldSchema(
                    "name", .text(isOurs ? .longName : .name), required: true, "The name, once per kind and namespace.",
                    example: "web-loses-an-instance"),
                FieldSchema(
                    "generateName", .text(.line),
                    "Asks the API for a name that begins so, when it creates; a name that is written goes before it. "
                        + "Never stored."),
                FieldSchema(
                    "namespace", .text(.name),
                    "The namespace. Absent: default. A Policy, a Host, a Namespace and a ClusterRoleBinding have none.",
                    example: "storefront"),
                FieldSchema(
                    "labels", .textMap(keys: .labelKey, values: .labelValue), "Labels to find it by, at most 50.",
                    example: "{ team: storefront }"),
                FieldSchema(
                    "annotations", .textMap(keys: .labelKey, values: .lines),
                    "Notes for people and tools, at "
                        + "most 50."),
                FieldSchema("uid", .text(.line), "Set by the store."),
                FieldSchema("resourceVersion", .text(.line), "Set by the store; opaque."),
                FieldSchema("generation", .integer(0...Int.max), "Set by the store: counts changes of spec."),
                FieldSchema("creationTimestamp", .timestamp, "Set by the store."),
                FieldSchema("deletionTimestamp", .timestamp, "Set by the store."),
                FieldSchema("finalizers", .list(of: .text(.line), unique: true), "What must be done before it may go."),
                FieldSchema(
                    "ownerReferences", .list(of: .object(owner), unique: false), "Who owns it; it goes when they go."),
            ])
    }

    private static let owner = ObjectSchema(
        "OwnerReference", "Who owns a resource.",
        fields: [
            FieldSchema("kind", .choice(ResourceKind.allCases.map(\.rawValue)), required: true, "The owner's kind."),
            FieldSchema("name", .text(.longName), required: true, "The owner's name."),
            FieldSchema("uid", .text(.line), required: true, "The owner's uid."),
            FieldSchema("apiVersion", .text(.line), "The group and version of the owner's kind."),
            FieldSchema("controller", .boolean, "Whether the owner is the one that manages it."),
            FieldSchema("blockOwnerDeletion", .boolean, "Read and kept; owners are never deleted in the foreground."),
        ])
}
