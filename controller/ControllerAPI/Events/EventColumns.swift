// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// The columns of events, which are computed from the timelines of runs.
enum EventColumns {
    static let columns = [
        TableColumn(name: "Last Seen", type: "string", doc: "How long ago."),
        TableColumn(name: "Type", type: "string", doc: "Normal or Warning."),
        TableColumn(name: "Reason", type: "string", doc: "What happened, as one word."),
        TableColumn(name: "Object", type: "string", doc: "What it happened to."),
        TableColumn(name: "Message", type: "string", doc: "What happened, in words."),
        TableColumn(name: "Name", type: "string", doc: "The name of the event.", isWide: true),
    ]

    static func cells(_ event: ManifestNode, now: Timestamp) -> [ManifestNode] {
        let at = event["lastTimestamp"]?.text.flatMap { Timestamp($0) }
        let object = event["involvedObject"]
        let place = "\(object?["kind"]?.text?.lowercased() ?? "")/\(object?["name"]?.text ?? "")"
        return .cells([
            at.map { HumanDuration.text(now.since($0)) } ?? "<unknown>", event["type"]?.text ?? "",
            event["reason"]?.text ?? "", place, event["message"]?.text ?? "",
            event.at(["metadata", "name"])?.text ?? "",
        ])
    }
}
