// SPDX-License-Identifier: Apache-2.0
internal import ChaosModel
internal import ExperimentControl
internal import ResourceClient

/// What a run looks like while a server drives it: the run as it is watched, and the probes as their observations come.
struct ServerProgress: Sendable {
    let backend: ServerBackend
    let key: ResourceKey

    /// About five times a second, until the run is done or the stream is let go.
    func stream() -> AsyncStream<RunProgress> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Owned by the stream: ending it cancels the task.
            let task = Task {
                let state = ProgressState(now: backend.now)
                await withDiscardingTaskGroup { group in
                    group.addTask { await watchRun(state) }
                    group.addTask { await watchProbes(state) }
                    await tell(state, continuation)
                    group.cancelAll()
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func tell(_ state: ProgressState, _ continuation: AsyncStream<RunProgress>.Continuation) async {
        while !Task.isCancelled {
            if let progress = await state.progress {
                continuation.yield(progress)
                if progress.run.status?.phase == .done { return }
            }
            do { try await ContinuousClock().sleep(for: .milliseconds(200)) } catch { return }
        }
    }

    private func watchRun(_ state: ProgressState) async {
        // Whoever waits for the run's end is told what ends this; here the page just stays as it is.
        try? await backend.follow(Run.self, namespace: key.namespace, selection: .named(key.name)) { step in
            switch step {
            case .listed(let list): if let run = list.items.first { await state.note(run) }
            case .added(let run), .modified(let run): await state.note(run)
            case .deleted, .trouble: break
            }
            return false
        }
    }

    /// A server without observations shows the run alone. A stream that breaks is opened again, and what it repeats
    /// replaces what was counted.
    private func watchProbes(_ state: ProgressState) async {
        let path = ResourcePath(.run, namespace: key.namespace, name: key.name, subresource: "observations")
        while !Task.isCancelled {
            await state.beginProbes()
            do throws(ClientError) {
                var lines = try await backend.client.lines(
                    path, accept: "application/x-ndjson", silence: .seconds(120)
                ).makeAsyncIterator()
                while let line = try await lines.next() { await state.note(observation: line) }
            } catch {
                if [.notFound, .forbidden, .unauthorized, .unsupported].contains(error.code) { return }
            }
            do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
        }
    }
}

/// What is known so far.
private actor ProgressState {
    private let now: @Sendable () -> Timestamp
    private var run: Run?
    private var observed = ObservedProbes()

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    func note(_ run: Run) { self.run = run }
    func beginProbes() { observed = ObservedProbes() }

    func note(observation line: [UInt8]) {
        // A line of another version of the server is passed over: it is for looking at, not for judging.
        if let observation = ObservationLine(line) { observed.add(observation) }
    }

    var progress: RunProgress? {
        run.map { RunProgress(run: $0, probes: observed.probes(of: $0, now: now()), now: now()) }
    }
}
