// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Kubernetes's own types, as far as they are served.
struct MetaSchemas {
    let dialect: OpenAPIDialect

    static func string(_ doc: String) -> ManifestNode { .map(["description": .text(doc), "type": .text("string")]) }

    private static func time(_ doc: String) -> ManifestNode {
        .map(["description": .text(doc), "type": .text("string"), "format": .text("date-time")])
    }

    private static func integer(_ doc: String) -> ManifestNode {
        .map(["description": .text(doc), "type": .text("integer"), "format": .text("int64")])
    }

    private static func texts(_ doc: String) -> ManifestNode {
        .map([
            "description": .text(doc), "type": .text("array"), "items": .map(["type": .text("string")]),
        ])
    }

    private static func textMap(_ doc: String) -> ManifestNode {
        .map([
            "description": .text(doc), "type": .text("object"),
            "additionalProperties": .map(["type": .text("string")]),
        ])
    }

    private static func object(
        _ doc: String, required: [String] = [], _ properties: KeyValuePairs<String, ManifestNode?>
    )
        -> ManifestNode
    {
        .map([
            "description": .text(doc), "type": .text("object"),
            "required": required.isEmpty ? nil : .texts(required), "properties": .map(properties),
        ])
    }

    private func list(_ name: String, _ doc: String) -> ManifestNode {
        let reference = OpenAPISchemas(dialect).plainReference(to: name)
        return .map(["description": .text(doc), "type": .text("array"), "items": reference])
    }

    var all: [(String, ManifestNode)] {
        let meta = SchemaNames.meta
        let schemas = OpenAPISchemas(dialect)
        return [
            (SchemaNames.objectMeta, objectMeta), (meta + "OwnerReference", owner),
            (
                SchemaNames.listMeta,
                Self.object(
                    "What is said of a list.",
                    [
                        "resourceVersion": Self.string("Where a watch that goes on from here begins."),
                        "continue": Self.string("Gives the next page; absent on the last."),
                        "remainingItemCount": Self.integer("How many are left."),
                    ])
            ),
            (SchemaNames.status, status(schemas)),
            (
                meta + "StatusDetails",
                Self.object(
                    "What a Status is about.",
                    [
                        "name": Self.string("The name."), "group": Self.string("The group."),
                        "kind": Self.string("The resource."), "uid": Self.string("The uid."),
                        "causes": list(meta + "StatusCause", "Each thing that was wrong."),
                        "retryAfterSeconds": Self.integer("When to try again."),
                    ])
            ),
            (
                meta + "StatusCause",
                Self.object(
                    "One thing that was wrong.",
                    [
                        "reason": Self.string("Why, as one word."), "message": Self.string("Why."),
                        "field": Self.string("Where."),
                    ])
            ),
            (SchemaNames.deleteOptions, deleteOptions(schemas)),
            (
                meta + "Preconditions",
                Self.object(
                    "What must be so.",
                    [
                        "uid": Self.string("The uid."),
                        "resourceVersion": Self.string("The version."),
                    ])
            ),
            (SchemaNames.patch, .map(["description": .text("A patch, by its media type."), "type": .text("object")])),
        ]
    }

    private var objectMeta: ManifestNode {
        Self.object(
            "What names a resource, and what is known of it whatever its kind.",
            [
                "name": Self.string("The name, once per kind and namespace."),
                "generateName": Self.string("Asks for a name that begins so; only when creating."),
                "namespace": Self.string("The namespace."), "uid": Self.string("Set by the server."),
                "labels": Self.textMap("Labels to find it by."),
                "annotations": Self.textMap("Notes for people and tools."),
                "resourceVersion": Self.string("Set by the server; opaque."),
                "generation": Self.integer("Counts changes of spec; set by the server."),
                "creationTimestamp": Self.time("Set by the server."),
                "deletionTimestamp": Self.time("Set by the server."),
                "finalizers": Self.texts("What must be done before it may go."),
                "ownerReferences": list(SchemaNames.meta + "OwnerReference", "Who owns it; it goes when they go."),
            ])
    }

    private var owner: ManifestNode {
        Self.object(
            "Who owns a resource.", required: ["kind", "name", "uid"],
            [
                "apiVersion": Self.string("The owner's group and version."), "kind": Self.string("The owner's kind."),
                "name": Self.string("The owner's name."), "uid": Self.string("The owner's uid."),
                "controller": .map(["type": .text("boolean")]), "blockOwnerDeletion": .map(["type": .text("boolean")]),
            ])
    }

    private func status(_ schemas: OpenAPISchemas) -> ManifestNode {
        Self.object(
            "What came of a request.",
            [
                "apiVersion": Self.string("v1"), "kind": Self.string("Status"),
                "metadata": schemas.reference(to: SchemaNames.listMeta, "Nothing, for a Status."),
                "status": Self.string("Success or Failure."), "message": Self.string("What happened, in words."),
                "reason": Self.string("Why, as one word."),
                "details": schemas.reference(to: SchemaNames.meta + "StatusDetails", "What it is about."),
                "code": Self.integer("The HTTP status."),
            ])
    }

    private func deleteOptions(_ schemas: OpenAPISchemas) -> ManifestNode {
        Self.object(
            "How something is deleted.",
            [
                "apiVersion": Self.string("v1"), "kind": Self.string("DeleteOptions"),
                "gracePeriodSeconds": Self.integer("Read and not acted on."),
                "preconditions": schemas.reference(
                    to: SchemaNames.meta + "Preconditions", "What must be so for it to be deleted."),
                "propagationPolicy": Self.string("Background, Foreground or Orphan."),
                "orphanDependents": .map(["type": .text("boolean")]), "dryRun": Self.texts("All, or nothing."),
            ])
    }

    /// Events are computed, so they have no declaration of ours.
    var event: ManifestNode {
        var node = Self.object(
            "Something that happened in a run.",
            [
                "apiVersion": Self.string("v1"), "kind": Self.string("Event"),
                "metadata": OpenAPISchemas(dialect).reference(to: SchemaNames.objectMeta, "What names it."),
                "involvedObject": .map(["description": .text("The run."), "type": .text("object")]),
                "reason": Self.string("What happened, as one word."), "message": Self.string("What happened."),
                "source": .map(["description": .text("Who says so."), "type": .text("object")]),
                "type": Self.string("Normal or Warning."), "firstTimestamp": Self.time("When."),
                "lastTimestamp": Self.time("When."), "count": Self.integer("Always 1."),
                "reportingComponent": Self.string("Who says so."), "reportingInstance": Self.string("Which of them."),
            ])
        node.set("x-kubernetes-group-version-kind", OpenAPISchemas.identity(.events, "Event"))
        return node
    }
}
