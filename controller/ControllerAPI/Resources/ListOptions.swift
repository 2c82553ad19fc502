// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ResourceStore

/// The parameters of list and watch (https://kubernetes.io/docs/reference/using-api/api-concepts/).
struct ListOptions: Sendable {
    var labels: LabelSelector
    var fields: FieldSelector
    var limit: Int?
    var continuation: String?
    var resourceVersion: String?
    var versionMatch: String?
    var isWatch: Bool
    var wantsBookmarks: Bool
    var sendsInitialEvents: Bool
    var timeoutSeconds: Int?

    private static let mostOfAPage = 100_000

    /// Throws a bad request for parameters that are not understood or do not go together.
    init(_ query: QueryParameters, selectable: [String]) throws(StatusError) {
        labels = try query["labelSelector"].map { (text) throws(StatusError) in try LabelSelector(text) } ?? .everything
        fields =
            try query["fieldSelector"].map { (text) throws(StatusError) in
                try FieldSelector(text, selectable: selectable)
            } ?? .everything
        limit = try query.number("limit").flatMap { $0 == 0 ? nil : min($0, Self.mostOfAPage) }
        continuation = query["continue"]
        resourceVersion = query["resourceVersion"]
        versionMatch = query["resourceVersionMatch"]
        isWatch = try query.flag("watch")
        wantsBookmarks = try query.flag("allowWatchBookmarks")
        sendsInitialEvents = try query.flag("sendInitialEvents")
        timeoutSeconds = try query.number("timeoutSeconds")
        try check()
        if query["sendInitialEvents"] != nil, !isWatch {
            throw .badRequest("sendInitialEvents is forbidden for list")
        }
    }

    private func check() throws(StatusError) {
        if let resourceVersion, Int64(resourceVersion).map({ $0 >= 0 }) != true {
            throw .badRequest("\(Quoted.text(resourceVersion)) is no resourceVersion of this server")
        }
        if let versionMatch {
            guard ["Exact", "NotOlderThan"].contains(versionMatch) else {
                throw .badRequest(
                    "resourceVersionMatch must be Exact or NotOlderThan, not \(Quoted.text(versionMatch))")
            }
            if isWatch, !sendsInitialEvents {
                throw .badRequest("resourceVersionMatch is forbidden for watch unless sendInitialEvents is given")
            }
            if resourceVersion == nil, !isWatch {
                throw .badRequest("resourceVersionMatch is forbidden unless resourceVersion is given")
            }
            if versionMatch == "Exact", resourceVersion == "0" {
                throw .badRequest("resourceVersionMatch Exact is forbidden for resourceVersion 0")
            }
        }
        if isWatch, sendsInitialEvents, versionMatch != "NotOlderThan" {
            throw .badRequest("sendInitialEvents needs resourceVersionMatch=NotOlderThan")
        }
        if continuation != nil, let resourceVersion, resourceVersion != "0" {
            throw .badRequest("a resourceVersion cannot be given together with continue")
        }
    }
}
