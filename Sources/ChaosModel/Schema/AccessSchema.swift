// SPDX-License-Identifier: Apache-2.0

/// The fields of namespaces and of the bindings that say who may do what.
enum AccessSchema {
    static let namespaceSpec = ObjectSchema.reported(
        "NamespaceSpec", "Nothing has to be said of a namespace.",
        [
            .maybe(
                "finalizers", .list(of: .text(.line), unique: true),
                "Kubernetes's own list, which its clients may send back. Read and kept.")
        ])

    static let namespaceStatus = ObjectSchema.reported(
        "NamespaceStatus", "What is known of a namespace. Written by Rebound.",
        [
            .maybe(
                "phase", .choice(NamespaceStatus.Phase.allCases.map(\.rawValue)),
                "Active, or Terminating while what is in it is being deleted.")
        ])

    static let binding = ObjectSchema(
        "RoleBindingSpec", "Who has which role.",
        fields: [
            FieldSchema(
                "role", .choice(Role.allCases.map(\.rawValue)), required: true,
                "The role. viewer reads; planner also writes experiments and schedules and plans them; approver "
                    + "approves runs; operator runs, aborts, halts and resumes; admin may do everything; agent is for "
                    + "machines of the fleet.",
                example: "operator"),
            FieldSchema(
                "subjects", .list(of: .object(subject), unique: true), required: true,
                "Those who have it; 1 to 100.", example: "[{ kind: User, name: alice }]"),
        ])

    static let subject = ObjectSchema(
        "RoleSubject", "Somebody, or a group of them, as their credential names them.",
        fields: [
            FieldSchema(
                "kind", .choice(RoleSubject.Kind.allCases.map(\.rawValue)), required: true, "A user or a group.",
                example: "User"),
            FieldSchema(
                "name", .text(.line), required: true,
                "The name in the credential: the common name of a certificate, or one of its organizations.",
                example: "alice"),
        ])

    static let bindingStatus = ObjectSchema(
        "RoleBindingStatus", "What is known of a binding. Written by Rebound.",
        fields: [FieldSchema("observedGeneration", .integer(0...Int.max), "The generation that is in force.")])
}
