// SPDX-License-Identifier: Apache-2.0

/// Who is behind a write, for the audit. It travels with the task: whoever takes a request in sets it around the
/// handling, and the store writes it down with each change.
package struct WriteOrigin: Sendable, Codable, Equatable {
    /// What this program does of its own accord.
    package static let controller = WriteOrigin(actor: "system:controller")

    /// `user:alice`, `system:controller`.
    package var actor: String
    /// Why, in the words of the one who asks: the annotation `rebound.chaos/reason`.
    package var reason: String?
    /// Names the request that caused it, as the logs do.
    package var request: String?

    package init(actor: String, reason: String? = nil, request: String? = nil) {
        self.actor = actor
        self.reason = reason
        self.request = request
    }

    /// The origin of what this task writes; child tasks inherit it.
    @TaskLocal package static var current = controller

    /// The annotation in which a request gives its reason.
    package static let reasonAnnotation = "rebound.chaos/reason"
}
