// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// How something is deleted, from the body and the parameters.
struct DeleteOptions: Sendable, Equatable {
    enum Propagation: String, Sendable, CaseIterable {
        case background = "Background", foreground = "Foreground", orphan = "Orphan"
    }

    var uid: String?
    var resourceVersion: String?
    var propagation = Propagation.background
    var isDryRun = false

    init(_ request: APIRequest) throws(StatusError) {
        isDryRun = try request.isDryRun()
        var written = request.query["propagationPolicy"]
        if try request.query.flag("orphanDependents") { written = Propagation.orphan.rawValue }
        if !request.body.isEmpty {
            let body = try ResourceBody.read(request)
            if let kind = body["kind"]?.text, kind != "DeleteOptions" {
                throw .badRequest("the body of a deletion must be DeleteOptions, not \(Quoted.text(kind))")
            }
            uid = body.at(["preconditions", "uid"])?.text
            resourceVersion = body.at(["preconditions", "resourceVersion"])?.text
            if let policy = body["propagationPolicy"]?.text { written = policy }
            if body["orphanDependents"]?.boolean == true { written = Propagation.orphan.rawValue }
            for value in body["dryRun"]?.items ?? [] {
                guard value.text == "All" else { throw .badRequest("dryRun must be All, not \(value.written)") }
                isDryRun = true
            }
        }
        guard let written else { return }
        guard let propagation = Propagation(rawValue: written) else {
            throw .badRequest(
                "propagationPolicy must be Background, Foreground or Orphan, not \(Quoted.text(written))")
        }
        self.propagation = propagation
    }
}
