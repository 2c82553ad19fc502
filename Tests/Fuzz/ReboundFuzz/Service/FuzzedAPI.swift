// SPDX-License-Identifier: Apache-2.0
internal import Dispatch
internal import Glibc
internal import Logging
internal import Synchronization

@testable import ChaosModel
@testable import ControllerAPI
@testable import ExperimentControl
@testable import ResourceStore
@testable import SQLiteStore

/// The whole API over a store on disk, asked by somebody who may do everything. After each request that changed
/// something the store is made anew, so that an input does the same whatever came before it.
///
/// A class, as it holds the one store of the process; only libFuzzer's thread uses it.
final class FuzzedAPI: Sendable {
    /// Lines of a head (method and target first, then `Accept:` and `Content-Type:`), an empty line, a body.
    static func read(_ bytes: [UInt8]) throws {
        if shared == nil { shared = try waiting { try await FuzzedAPI() } }
        guard let api = shared, let request = FuzzedRequest(bytes) else { return }
        let hasChanged = try waiting { try await api.ask(request) }
        guard hasChanged else { return }
        try waiting { await api.close() }
        shared = nil
    }

    /// Only libFuzzer's own thread comes here, one input after the other.
    nonisolated(unsafe) private static var shared: FuzzedAPI?

    private static let zones = ZoneFolder().names
    private let folder: String
    private let store: SQLiteStore
    private let api: API

    private init() async throws {
        var template = Array("/tmp/rebound-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StoreError(.unavailable, "no folder", hint: "") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let options = SQLiteStoreOptions(environment: .system)
        store = try await SQLiteStore.open(path: folder + "/rebound.db", options: options)
        let environment = APIEnvironment(
            now: { Timestamp(nanosecondsSinceEpoch: 1_774_746_000_000_000_000) }, random: { 0.5 },
            sleep: { try await Task.sleep(for: $0) }, zones: Self.zones)
        api = API(
            resources: ResourceService(store: store, environment: environment), access: Everybody(), login: nil,
            runs: NothingRuns(), limits: APIServerLimits(), browsers: BrowserRules(allowedHosts: []),
            programVersion: "fuzz", signingKeys: [], metrics: nil, readiness: { [] },
            logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }), watching: { _, _ in })
        try await api.prepare()
        for seed in FuzzedRequest.seeds { _ = try await ask(seed) }
    }

    private func close() async {
        await store.close()
        for end in ["", "-wal", "-shm"] { unlink(folder + "/rebound.db" + end) }
        // What else the store keeps beside its file.
        if let names = opendir(folder) {
            while let entry = readdir(names) {
                unlink(
                    folder + "/"
                        + withUnsafePointer(to: &entry.pointee.d_name) {
                            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                        })
            }
            closedir(names)
        }
        rmdir(folder)
    }

    /// Whether the store may have changed.
    private func ask(_ request: FuzzedRequest) async throws -> Bool {
        var head = RequestHead(method: request.method, target: request.target, authority: "localhost")
        (head.accept, head.contentType) = (request.accept, request.contentType)
        let body = request.body
        let answer = await api.answer(head) { () async throws(StatusError) in body }
        must(answer.status < 500 || answer.status == 501, "\(request.method) is no fault of ours: \(answer.status)")
        guard case .bytes(let bytes) = answer.body else { return false }  // A stream ends when its reader says so.
        let isWrite = ["POST", "PUT", "PATCH", "DELETE"].contains(request.method) && answer.status < 300
        guard answer.contentType.hasPrefix("application/json"), request.method != "HEAD" else { return isWrite }
        try check(bytes, answer.status, isWrite: isWrite)
        return isWrite
    }

    private func check(_ bytes: [UInt8], _ status: Int, isWrite: Bool) throws {
        let tree: ManifestNode
        do throws(ValidationFailure) { tree = try JSONDocument.read(bytes) } catch {
            return must(bytes.count > ManifestLimits.bytes / 2, "an answer is JSON: \(bytes.repaired)")
        }
        if tree["kind"]?.text == "Status", let code = tree["code"]?.integer {
            must(code == status, "a Status has the code of its answer")
            must(status < 400 || tree["message"]?.text?.isEmpty == false, "a Status says why")
        }
        guard isWrite, tree["apiVersion"]?.text != nil, tree["kind"]?.text.flatMap(ResourceKind.init) != nil else {
            return
        }
        do throws(ValidationFailure) { _ = try ManifestReader.document(from: tree, zones: Self.zones) } catch {
            must(false, "what was taken is taken again: \(error)\n\(bytes.repaired)")
        }
    }

    /// What `work` gives, waited for on this thread, which is none of the shared pool's.
    private static func waiting<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) throws -> T {
        let done = DispatchSemaphore(value: 0)
        let box = Mutex<Result<T, any Error>?>(nil)
        // Owned here: it is waited for before this returns.
        Task.detached {
            let result: Result<T, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            box.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        guard let result = box.withLock({ $0 }) else { fatalError("no result") }
        return try result.get()
    }
}

/// A request as an input writes it.
struct FuzzedRequest: Sendable {
    var method: String
    var target: String
    var accept = ""
    var contentType = ""
    var body: [UInt8]

    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: 0x0A, maxSplits: 8, omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
        guard let first = head.first, head.count < lines.count else { return nil }
        let words = first.split(separator: " ", maxSplits: 1).map(String.init)
        guard words.count == 2 else { return nil }
        (method, target) = (words[0], words[1])
        for line in head.dropFirst() {
            if line.hasPrefix("Accept: ") { accept = String(line.dropFirst(8)) }
            if line.hasPrefix("Content-Type: ") { contentType = String(line.dropFirst(14)) }
        }
        body = Array(lines[(head.count + 1)...].joined(separator: [0x0A]))
    }

    private init(creating collection: String, _ body: String) {
        (method, target) = ("POST", "/apis/rebound.chaos/v1/" + collection)
        (contentType, self.body) = ("application/json", Array(body.utf8))
    }

    /// What is there before each input.
    static let seeds = [
        FuzzedRequest(
            creating: "namespaces/default/experiments",
            """
            {"apiVersion":"rebound.chaos/v1","kind":"Experiment","metadata":{"name":"exp","labels":{"team":"web"}},\
            "spec":\(plan)}
            """),
        FuzzedRequest(
            creating: "namespaces/default/runs",
            """
            {"apiVersion":"rebound.chaos/v1","kind":"Run","metadata":{"name":"run-1"},"spec":{"experiment":"exp",\
            "seed":7,"requestedBy":"somebody","plan":\(plan)}}
            """),
    ]

    private static let plan = """
        {"hypothesis":"It holds.","steadyState":[{"name":"web","tcp":{"host":"127.0.0.1","port":1,"timeout":"1s"},\
        "every":"1s"}],"faults":[{"name":"stop","ec2":{"action":"terminate"},"targets":{"instances":\
        {"region":"eu-west-1","tags":{"app":"web"}},"pick":{"count":1}}}],"limits":{"maxTargets":1,"minHealthy":2},\
        "recovery":{"stableFor":"1s","giveUpAfter":"1m"}}
        """
}

/// Lets everybody do everything: who may do what is tried elsewhere.
private struct Everybody: AccessControl {
    func caller(_ credentials: PresentedCredentials) async -> Result<Caller, CallerFailure> {
        .success(Caller(name: "fuzz", groups: [], credential: "token:0", expiresAt: nil))
    }

    func decide(_ caller: Caller, _ request: AccessRequest) async throws(StoreError) -> AccessDecision {
        AccessDecision(isAllowed: true, reason: "")
    }

    func untilInvalid(_ caller: Caller) async {}
    func untilForbidden(_ caller: Caller, _ request: AccessRequest) async {}
}

/// Drives nothing.
private struct NothingRuns: RunActions {
    private var refusal: ActionError { ActionError(.conflict, "nothing is driven here", hint: "") }

    func plan(experiment: String, namespace: String, seed: UInt64?) async throws(ActionError) -> PlanReport {
        throw refusal
    }
    func start(experiment: String, namespace: String, _ request: RunRequest) async throws(ActionError) -> Run {
        throw refusal
    }
    func abort(run: String, namespace: String, requestedBy: String, reason: String) async throws(ActionError) {}
    func approve(run: String, namespace: String, approvedBy: String, reason: String?) async throws(ActionError) {}
    func observations(run: String, namespace: String) async throws(ActionError) -> AsyncThrowingStream<
        [UInt8], any Error
    > { throw refusal }
    func report(run: String, namespace: String, format: ReportFormat) async throws(ActionError) -> String {
        format == .json ? "{}" : "A report."
    }
    func halt(reason: String, requestedBy: String) async throws(ActionError) {}
    func resume(reason: String, requestedBy: String) async throws(ActionError) -> [String] { [] }
}
