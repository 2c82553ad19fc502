// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// How hosts are listed.
enum HostColumns {
    static let columns = [
        TableColumn(name: "Ready", type: "string", doc: "Whether the agent is heard."),
        TableColumn(name: "Agent", type: "string", doc: "Its version."),
        TableColumn(name: "Kernel", type: "string", doc: "The kernel's release."),
        TableColumn(name: "Cores", type: "string", doc: "Logical processors."),
        TableColumn(
            name: "Clock", type: "string",
            doc: "How far the controller's clock is ahead of the host's, and the most by which that can be wrong."),
        TableColumn(name: "Last Contact", type: "string", doc: "When the agent was heard last.", isWide: true),
        TableColumn(name: "Boot", type: "string", doc: "Names the boot.", isWide: true),
        TableColumn(name: "Reason", type: "string", doc: "Why it is ready or not.", isWide: true),
    ]

    static func cells(_ host: Host) -> (narrow: [String], wide: [String]) {
        let status = host.status
        return (
            [
                host.readiness?.status.rawValue ?? "", status?.agent?.version ?? "", status?.system?.kernel ?? "",
                status?.capabilities.map { String($0.cores) } ?? "", status?.clock?.words ?? "",
            ],
            [
                status?.lastContact?.description ?? "", status?.system?.bootID ?? "", host.readiness?.reason ?? "",
            ]
        )
    }
}
