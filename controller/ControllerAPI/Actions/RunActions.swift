// SPDX-License-Identifier: Apache-2.0
package import ChaosModel

/// What the API asks of whoever plans and drives runs: everything that is more than reading and writing resources.
package protocol RunActions: Sendable {
    /// What a run of this experiment would do now. Writes nothing, anywhere.
    func plan(experiment: String, namespace: String, seed: UInt64?) async throws(ActionError) -> PlanReport
    /// Creates a run of this experiment.
    func start(experiment: String, namespace: String, _ request: RunRequest) async throws(ActionError) -> Run
    /// Asks for a run to end early and to revert. Again does not hurt.
    func abort(run: String, namespace: String, requestedBy: String, reason: String) async throws(ActionError)
    /// Says yes to a run that waits for approval.
    func approve(run: String, namespace: String, approvedBy: String, reason: String?) async throws(ActionError)
    /// The observations of a run as lines of JSON, each with its line end; goes on while the run is under way.
    func observations(run: String, namespace: String) async throws(ActionError) -> AsyncThrowingStream<
        [UInt8], any Error
    >
    /// The report of a run in one of the formats.
    func report(run: String, namespace: String, format: ReportFormat) async throws(ActionError) -> String
    /// Stops and reverts everything, and lets nothing begin until `resume`.
    func halt(reason: String, requestedBy: String) async throws(ActionError)
    /// Ends the halt. Returns what halts still, in words; empty when nothing does.
    func resume(reason: String, requestedBy: String) async throws(ActionError) -> [String]
}

/// What is said about a run that is to be made.
package struct RunRequest: Sendable, Equatable {
    package var seed: UInt64?
    /// When set, the run goes ahead only if planning again gives this hash.
    package var expectedPlanHash: String?
    package var requestedBy: String
    package var reason: String?

    package init(seed: UInt64? = nil, expectedPlanHash: String? = nil, requestedBy: String, reason: String? = nil) {
        self.seed = seed
        self.expectedPlanHash = expectedPlanHash
        self.requestedBy = requestedBy
        self.reason = reason
    }
}

/// The forms in which a report is read.
package enum ReportFormat: String, Sendable, CaseIterable {
    case json, text, html, markdown

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .text: "text/plain; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        case .markdown: "text/markdown; charset=utf-8"
        }
    }
}

/// Why an action was not done.
package struct ActionError: Error, Sendable {
    package enum Code: String, Sendable {
        /// There is no such run or experiment.
        case notFound
        /// The request asks for what cannot be.
        case invalid
        /// This caller may not, whatever his role: he may not approve his own run.
        case forbidden
        /// Not now: the run is in another phase, or a guard refused.
        case conflict
        /// Something that is needed cannot be reached.
        case unavailable
        /// The store takes no new work: its disk is full or cannot be written.
        case noRoom
    }

    package var code: Code
    package var message: String
    package var hint: String

    package init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

extension StatusError {
    init(_ error: ActionError, _ resource: ServedResource?, _ name: String?) {
        let stop = error.message.hasSuffix(".") ? "" : "."
        let said = error.hint.isEmpty ? error.message : "\(error.message)\(stop) \(error.hint)"
        switch error.code {
        case .notFound: self.init(code: 404, reason: "NotFound", message: said)
        case .invalid: self.init(code: 422, reason: "Invalid", message: said)
        case .forbidden: self.init(code: 403, reason: "Forbidden", message: said)
        case .conflict: self.init(code: 409, reason: "Conflict", message: said)
        case .unavailable: self = .unavailable(said)
        case .noRoom: self.init(code: 507, reason: "InsufficientStorage", message: said)
        }
        self.name = name
        self.resource = resource
    }
}
