// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import ExperimentControl
import ResourceStore
import SQLiteStore
import ServiceMetrics
import Synchronization
import TestSupport
import Testing

@testable import ControllerService

/// Two clocks that are turned by hand, each for itself.
private final class TwoClocks: ControlClock {
    private let state = Mutex((monotonic: Int64(1_000_000_000), wall: Int64(1_790_000_000_000_000_000)))
    let bootID = "test"

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.monotonic }) }
    func wall() -> Timestamp { Timestamp(nanosecondsSinceEpoch: state.withLock { $0.wall }) }
    func sleep(for duration: Duration) async throws {}
    func advance(seconds: Int64) { state.withLock { $0.monotonic += seconds * 1_000_000_000 } }
    func set(seconds: Int64) { state.withLock { $0.wall += seconds * 1_000_000_000 } }
}

@Suite("Hosts that are heard")
struct HostContactsTests {
    private func host(heard at: Timestamp) -> Host {
        var host = Host(metadata: ObjectMetadata(name: "web-1"), spec: HostSpec())
        var status = HostStatus()
        status.agent = HostAgentStatus(version: "0.1.0", heartbeat: WrittenDuration(.seconds(10)))
        status.lastContact = at
        status.setReady(.yes, reason: "Heard", message: "The agent reports.", at: at)
        host.status = status
        return host
    }

    private func stored(_ store: SQLiteStore) async throws -> Host {
        try #require(try await store.get(Host.self, namespace: "", name: "web-1"))
    }

    @Test("after three heartbeats without a word it is not known whether a host is ready, whatever the date does")
    func lost() async throws {
        let folder = try ScratchFolder()
        let store = try await SQLiteStore.open(
            path: folder.file("rebound.db"), options: SQLiteStoreOptions(environment: .system))
        let (clock, record, registry) = (TwoClocks(), LogRecord(), MetricsRegistry())
        let heard = clock.wall()
        let made = try await store.create(Host(metadata: ObjectMetadata(name: "web-1"), spec: HostSpec()))
        var reported = made
        reported.status = host(heard: heard).status
        _ = try await store.updateStatus(reported)
        // Its last contact is long ago by the date, but this process has just begun to listen.
        clock.set(seconds: 86_400)
        let contacts = HostContacts(store: store, clock: clock, registry: registry, logger: record.logger())
        await contacts.look()
        clock.advance(seconds: 30)
        await contacts.look()
        #expect(try await stored(store).readiness?.status == .yes)
        #expect(record.messages == [])
        clock.advance(seconds: 1)
        await contacts.look()
        let lost = try await stored(store)
        #expect(lost.readiness?.status == .unknown && lost.readiness?.reason == "NotHeard")
        #expect(lost.readiness?.lastTransitionTime == clock.wall() && lost.status?.lastContact == heard)
        #expect(record.messages == ["a host is not heard any more"])
        #expect(await registry.text(.prometheus).contains(#"rebound_hosts{ready="Unknown"} 1"#))
        clock.advance(seconds: 100)
        await contacts.look()
        #expect(record.messages.count == 1, "said once")
        var again = lost
        again.status = host(heard: clock.wall()).status
        _ = try await store.updateStatus(again)
        clock.advance(seconds: 29)
        await contacts.look()
        clock.advance(seconds: 29)
        await contacts.look()
        #expect(try await stored(store).readiness?.status == .yes)
        #expect(await registry.text(.prometheus).contains(#"rebound_hosts{ready="True"} 1"#))
        await store.close()
    }
}
