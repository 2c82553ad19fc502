// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TestSupport

/// One call as it arrived.
struct ReceivedCall: Sendable {
    var action: String
    var form: [String: String]

    init(_ raw: String) {
        let body = raw.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
        form = [:]
        for pair in body.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            form[Self.decoded(parts[0])] = parts.count > 1 ? Self.decoded(parts[1]) : ""
        }
        action = form["Action"] ?? ""
    }

    /// The values of `prefix1`, `prefix2`, … in order.
    func list(_ prefix: String) -> [String] {
        var values: [String] = []
        while let value = form["\(prefix)\(values.count + 1)"] { values.append(value) }
        return values
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 32 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What happens to a call before the world sees it.
enum Interference: Sendable {
    /// Refused with this code; nothing is done.
    case deny(String, status: Int = 403)
    /// Done, and the connection is reset instead of answered.
    case loseAnswer
    /// Not done, and the connection is reset after the request was read: the caller cannot tell it from the other.
    case loseRequest
    /// Accepted, and nothing happens.
    case ignore
}

/// A small AWS over real HTTP: a world of instances, groups and target groups that calls change, and that a test can
/// change or disturb between them.
final class ScriptedAWS: Sendable {
    typealias Disturbance = @Sendable (ReceivedCall, inout World) -> Interference?

    let url: String
    private let box: Box

    init(_ world: World) {
        let box = Box(world)
        let server = RawServer { connection in
            while let raw = connection.readRequest() {
                let call = ReceivedCall(raw)
                box.arrived(call)
                guard let (status, body) = box.answer(call) else { return connection.reset() }
                connection.write("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
        self.box = box
        url = "http://127.0.0.1:\(server.port)"
        Self.kept.withLock { $0.append(server) }
    }

    /// Servers live as long as the tests: a port that is free again could be given to another test's server, while an
    /// HTTP client still keeps a connection to the old one.
    private static let kept = Mutex<[RawServer]>([])

    var world: World {
        get { box.state.withLock { $0.world } }
        set { box.state.withLock { $0.world = newValue } }
    }

    /// Every call so far, in order, those that were disturbed too.
    var calls: [ReceivedCall] { box.state.withLock { $0.calls } }

    func count(_ action: String) -> Int { calls.filter { $0.action == action && $0.form["DryRun"] == nil }.count }

    func disturb(_ disturbance: Disturbance?) { box.state.withLock { $0.disturb = disturbance } }

    /// Keeps calls waiting, before the world sees them, until the gate that this gives for them is open.
    func stall(_ gate: (@Sendable (ReceivedCall) -> Gate?)?) { box.stalled.withLock { $0 = gate } }

    /// Returns when so many calls of this action have arrived, answered or not.
    func untilCalled(_ action: String, times: Int) async {
        func isOver() -> Bool { box.arrivedCalls.withLock { $0.filter { $0 == action }.count } >= times }
        if isOver() { return }
        for await _ in box.arrivals where isOver() { return }
    }

    private struct State {
        var world: World
        var calls: [ReceivedCall] = []
        var disturb: Disturbance?
    }

    private final class Box: Sendable {
        let state: Mutex<State>
        let stalled = Mutex<(@Sendable (ReceivedCall) -> Gate?)?>(nil)
        let arrivedCalls = Mutex<[String]>([])
        /// One element for each call; whoever waits looks at all calls so far.
        let arrivals: AsyncStream<Void>
        private let arrival: AsyncStream<Void>.Continuation

        init(_ world: World) {
            state = Mutex(State(world: world))
            (arrivals, arrival) = AsyncStream.makeStream()
        }

        /// On the connection's own thread, which the gate may hold.
        func arrived(_ call: ReceivedCall) {
            if call.form["DryRun"] == nil { arrivedCalls.withLock { $0.append(call.action) } }
            arrival.yield()
            stalled.withLock { $0 }?(call)?.wait()
        }

        /// Nil for a connection that is reset.
        func answer(_ call: ReceivedCall) -> (Int, String)? {
            state.withLock { state in
                state.calls.append(call)
                switch state.disturb?(call, &state.world) {
                case nil:
                    let isDry = call.form["DryRun"] == "true"
                    return isDry ? (412, World.error("DryRunOperation")) : (200, state.world.answer(call))
                case .deny(let code, let status)?: return (status, World.error(code))
                case .ignore?:
                    var unchanged = state.world
                    return (200, unchanged.answer(call))
                case .loseRequest?: return nil
                case .loseAnswer?:
                    _ = state.world.answer(call)
                    return nil
                }
            }
        }
    }
}
