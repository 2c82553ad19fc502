// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import Glibc
import HTTPTransport
import Measurement

/// Asks a URL and judges status and body. The judgement is about the service: our own trouble is unknown.
struct HTTPProbe: Sendable {
    /// Bodies beyond this are a failure (`responseTooLarge`): a probe is not a download.
    static let maximumBodyBytes = 1024 * 1024
    static let redirectLimit = 5

    let timeout: Duration
    let connectTimeout: Duration
    private let request: CheckedRequest
    private let status: StatusSet
    private let body: BodyJudge

    init(_ spec: HTTPProbeSpec, name: String) throws(ProbeError) {
        timeout = spec.timeout?.duration ?? .seconds(1)
        connectTimeout = min(timeout, spec.connectTimeout?.duration ?? timeout)
        status = spec.status ?? StatusSet([200...299])
        body = try BodyJudge(spec.match, name: name)
        do throws(TransportError) {
            request = try CheckedRequest(Self.request(spec, HTTPTimeouts(connect: connectTimeout, total: timeout)))
        } catch {
            throw .invalidSpec(name, error.message, hint: error.hint, cause: error)
        }
    }

    private static func request(_ spec: HTTPProbeSpec, _ timeouts: HTTPTimeouts) -> HTTPRequest {
        let isFresh = spec.connection != .keepAlive
        var headers = (spec.headers ?? [:]).sorted { $0.key < $1.key }.map { HTTPHeader(name: $0.key, value: $0.value) }
        if isFresh, !headers.contains(where: { $0.name.lowercased() == "connection" }) {
            // Lets the server close first: then the port's waiting time (TIME_WAIT) is not ours at high rates.
            headers.append(HTTPHeader(name: "Connection", value: "close"))
        }
        var request = HTTPRequest(
            method: spec.method ?? "GET", url: spec.url, headers: headers, body: Array((spec.body ?? "").utf8),
            timeouts: timeouts)
        request.connection = isFresh ? .fresh : .keepAlive
        request.redirects = spec.redirects == .follow ? .follow(limit: redirectLimit) : .refuse
        request.maximumResponseBytes = maximumBodyBytes
        if let tls = spec.tls {
            request.tls.caFile = tls.caFile
            request.tls.clientCertificateFile = tls.clientCertificateFile
            request.tls.clientKeyFile = tls.clientKeyFile
            request.tls.serverName = tls.serverName
            request.tls.verifiesPeer = tls.verify ?? true
        }
        return request
    }

    /// Begins an attempt on the loop's thread; the result is a way to give it up.
    func attempt(in context: LoopContext, _ client: HTTPClient, _ completion: @escaping AttemptCompletion)
        -> AttemptCancellation
    {
        let ticket = client.start(request, in: context) { result in
            switch result {
            case .success(let response): judge(response, in: context, completion)
            case .failure(let error): completion(Self.outcome(of: error))
            }
        }
        return { client.abort(ticket, in: context) }
    }

    private func judge(_ response: HTTPResponse, in context: LoopContext, _ completion: @escaping AttemptCompletion) {
        let seen = "HTTP \(response.status)"
        guard status.contains(response.status) else {
            return completion(ProbeOutcome.failure(.status, seen).timed(response.timings))
        }
        body.judge(response.body, in: context) { verdict in
            let outcome =
                switch verdict {
                case .fits: ProbeOutcome(.success, detail: seen)
                case .differs(let how): ProbeOutcome.failure(.body, "\(seen), \(how)")
                case .broken(let why): ProbeOutcome.unknown(.invalidRequest, why)
                }
            completion(outcome.timed(response.timings))
        }
    }

    private static func outcome(of error: TransportError) -> ProbeOutcome {
        let outcome: ProbeOutcome =
            switch error.code {
            case .invalidURL: .unknown(.invalidRequest, error.message)
            case .cancelled: .unknown(.stopped, error.message)
            case .outOfMemory: .unknown(.outOfMemory, error.message)
            case .outOfResources, .queueFull: .unknown(.outOfDescriptors, error.message)
            case .closed: .unknown(.closed, error.message)
            case .cannotResolve: .failure(.cannotResolve, error.message)
            case .cannotConnect: .failure(connectReason(error.systemError), error.message)
            case .connectTimedOut: .failure(.connectTimedOut, error.message)
            case .timedOut: .failure(.timedOut, error.message)
            case .tls: .failure(.tls, error.message)
            case .connectionReset: .failure(.connectionReset, error.message)
            case .emptyReply: .failure(.emptyReply, error.message)
            case .responseTooLarge: .failure(.responseTooLarge, error.message)
            case .tooManyRedirects: .failure(.tooManyRedirects, error.message)
            case .protocolError: .failure(.protocolError, error.message)
            }
        return outcome.timed(error.timings)
    }
}

extension ProbeOutcome {
    fileprivate func timed(_ timings: HTTPTimings?) -> ProbeOutcome {
        guard let timings else { return self }
        var outcome = self
        outcome.begun = MonotonicInstant(nanoseconds: timings.begun)
        outcome.ended = MonotonicInstant(nanoseconds: timings.ended)
        return outcome
    }
}

/// The failure that a connect(2) error stands for.
func connectReason(_ code: Int32) -> ProbeReason {
    switch code {
    case ECONNREFUSED: .connectionRefused
    case ECONNRESET, EPIPE: .connectionReset
    case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN: .unreachable
    case ETIMEDOUT: .connectTimedOut
    default: .cannotConnect
    }
}
