// SPDX-License-Identifier: Apache-2.0

/// The fields of a host.
enum HostSchema {
    private static let line = SchemaType.text(.line)

    static let spec = ObjectSchema(
        "HostSpec", "How a host is reached.",
        fields: [
            FieldSchema(
                "agent", .object(agent), required: true,
                "By an agent on it, which dials out. Nothing has to be said of it: write {}.", example: "{}")
        ])

    static let agent = ObjectSchema.reported("HostAgentSpec", "Reached by an agent; has no settings yet.", [])

    static let status = ObjectSchema.reported(
        "HostStatus",
        "What is known of a host. The controller writes lastContact and conditions; all else is what the "
            + "agent reports.",
        [
            .maybe("agent", .object(agentStatus), "The agent that reports."),
            .maybe("system", .object(system), "What runs on the host."),
            .maybe("capabilities", .object(capabilities), "What was found on the host by looking."),
            .maybe("clock", .object(clock), "How far the controller's clock is ahead of the host's."),
            .maybe("lastContact", .timestamp, "When the agent was heard last, by the controller's clock."),
            .maybe(
                "conditions", .list(of: .object(RunSchema.condition), unique: false),
                "Ready is True while the agent is heard, and Unknown after three heartbeats without a word."),
        ])

    static let agentStatus = ObjectSchema.reported(
        "HostAgentStatus", "The agent that reports.",
        [
            .always("version", line, "Its version."),
            .always(
                "heartbeat", .duration(DurationRange(.seconds(1), .seconds(3_600))), "How often it reports, 1s to 1h."),
        ])

    static let system = ObjectSchema.reported(
        "HostSystemFacts", "What runs on the host.",
        [
            .always("hostname", line, "Its own name, as uname(2) has it."),
            .always("bootID", line, "Names the boot: another one is another boot."),
            .always("kernel", line, "The kernel's release."),
            .always("architecture", line, "The machine's architecture."),
        ])

    static let capabilities = ObjectSchema.reported(
        "HostCapabilities", "What was found on the host by looking.",
        [
            .always("cores", .integer(1...1_000_000), "Logical processors that are online."),
            .always("memoryBytes", .integer(0...Int.max), "Memory of the host, in bytes."),
            .always(
                "controlGroups", .choice(HostCapabilities.ControlGroups.allCases.map(\.rawValue)),
                "How control groups are mounted; hybrid is v1 with v2 beside it."),
            .maybe("tc", line, "The path of tc, which shapes traffic; absent where there is none."),
            .maybe("nft", line, "The path of nft, which filters packets; absent where there is none."),
            .always("hasNetem", .boolean, "Whether the kernel has sch_netem, or a module of it that can be loaded."),
            .always("interfaces", .list(of: .object(interface), unique: false), "Its network interfaces, by name."),
        ])

    static let interface = ObjectSchema.reported(
        "HostInterface", "A network interface.",
        [.always("name", line, "Its name."), .always("isUp", .boolean, "Whether it was brought up.")])

    static let clock = ObjectSchema.reported(
        "HostClock",
        "How far the controller's clock is ahead of the host's. The truth lies between low and high, as long as "
            + "neither clock was set since.",
        [
            .always("offsetSeconds", .decimal(.any), "The best guess, in seconds; negative when the host is ahead."),
            .always("lowSeconds", .decimal(.any), "The least it can be, in seconds."),
            .always("highSeconds", .decimal(.any), "The most it can be, in seconds."),
            .always("measuredAt", .timestamp, "When that held, by the controller's clock as far as the host knows it."),
        ])
}
