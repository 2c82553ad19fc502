// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import FoundationEssentials

/// What one heartbeat writes into the status of the Host, as a JSON patch (RFC 6902): all of it, or where the
/// controller has the rest, only the clock.
struct HostReport: Encodable, Equatable {
    /// What changes rarely.
    struct Facts: Encodable, Equatable {
        var agent: HostAgentStatus
        var system: HostSystemFacts
        var capabilities: HostCapabilities
    }

    private struct Whole: Encodable {
        var facts: Facts
        var clock: HostClock?

        func encode(to encoder: any Encoder) throws {
            try facts.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encodeIfPresent(clock, forKey: .clock)
        }
    }

    private enum Key: String, CodingKey { case op, path, value, clock }

    var facts: Facts?
    var clock: HostClock?

    /// "add" replaces what is there.
    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        var step = list.nestedContainer(keyedBy: Key.self)
        try step.encode("add", forKey: .op)
        if let facts {
            try step.encode("/status", forKey: .path)
            try step.encode(Whole(facts: facts, clock: clock), forKey: .value)
        } else {
            try step.encode("/status/clock", forKey: .path)
            try step.encode(clock, forKey: .value)
        }
    }

    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
