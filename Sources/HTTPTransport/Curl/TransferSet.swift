// SPDX-License-Identifier: Apache-2.0
import CCurl
import CLinux
import Glibc

/// Names one request to its client.
package struct RequestTicket: Sendable, Hashable {
    let number: UInt64
}

/// Every transfer of one client on one curl multi handle, driven by the loop's epoll
/// (https://curl.se/libcurl/c/curl_multi_socket_action.html): the cost follows what is ready, not what is under way,
/// which matters when thousands hang.
///
/// A class because libcurl holds its address. Lives on the loop's thread. Invariant: every request that was begun is
/// in exactly one of `waiting`, `resolving` and `running`, and leaves it by having its completion called once.
final class TransferSet {
    typealias Completion = (Result<HTTPResponse, TransportError>) -> Void

    struct Running {
        let transfer: Transfer
        let ticket: RequestTicket
        let completion: Completion
    }

    struct Pending {
        let checked: CheckedRequest
        let begun: Int64
        let completion: Completion
        var timer: LoopTimer?
        /// Where the body goes in pieces; nil collects it.
        var stream: StreamSink?
    }

    let configuration: HTTPClientConfiguration
    let context: LoopContext
    let names: NameResolver
    private let multi: UnsafeMutableRawPointer
    var waiting: [RequestTicket: Pending] = [:]
    /// Tickets in their order of arrival; those no longer in `waiting` are passed over.
    var waitingOrder = TicketQueue()
    var resolving: [RequestTicket: Pending] = [:]
    private var running: [UnsafeMutableRawPointer: Running] = [:]
    private var runningByTicket: [RequestTicket: UnsafeMutableRawPointer] = [:]
    private var curlDeadline: Int64 = .max
    private var clock: LoopTimer?
    private var isDriving = false
    private(set) var isClosed = false

    init(_ configuration: HTTPClientConfiguration, _ names: NameResolver, on context: LoopContext)
        throws(TransportError)
    {
        guard let multi = curl_multi_init() else { throw .outOfMemory }
        self.multi = multi
        self.configuration = configuration
        self.context = context
        self.names = names
        let address = Unmanaged.passUnretained(self).toOpaque()
        let codes = [
            ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, address),
            ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, address),
            ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maximumIdleConnections),
            ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.maximumConnectionsPerHost),
            ccurl_multi_set_socket_callback(multi) { _, socket, what, context, _ in
                TransferSet.of(context).watch(socket, what)
                return 0
            },
            ccurl_multi_set_timer_callback(multi) { _, milliseconds, context in
                TransferSet.of(context).setDeadline(milliseconds)
                return 0
            },
        ]
        precondition(codes.allSatisfy { $0 == CURLM_OK }, "libcurl refused an option that every build has")
    }

    deinit { if !isClosed { curl_multi_cleanup(multi) } }

    var activeCount: Int { running.count + resolving.count }

    /// Gives the request to libcurl now. The times left are the request's own less what has passed since `begun`.
    func launch(_ ticket: RequestTicket, _ pending: Pending, addresses: [String]) {
        let passed = (monotonicNanoseconds() - pending.begun) / 1_000_000
        let checked = pending.checked
        do throws(TransportError) {
            let transfer = try Transfer()
            do throws(TransportError) {
                try transfer.prepare(
                    checked, addresses: addresses, begun: pending.begun,
                    connectMilliseconds: max(1, checked.connectMilliseconds - passed),
                    totalMilliseconds: max(1, checked.totalMilliseconds - passed), stream: pending.stream)
                try add(transfer, ticket, pending.completion)
                if pending.stream != nil { superviseStream(ticket) }
            } catch {
                transfer.release()
                throw error
            }
        } catch {
            pending.completion(.failure(error))
        }
        drive()
    }

    private func add(_ transfer: Transfer, _ ticket: RequestTicket, _ completion: @escaping Completion)
        throws(TransportError)
    {
        running[transfer.easy.raw] = Running(transfer: transfer, ticket: ticket, completion: completion)
        runningByTicket[ticket] = transfer.easy.raw
        let code = curl_multi_add_handle(multi, transfer.easy.raw)
        guard code != CURLM_OK else { return }
        running[transfer.easy.raw] = nil
        runningByTicket[ticket] = nil
        throw TransportError(
            .outOfMemory, message: "libcurl: \(String(cString: curl_multi_strerror(code))).",
            hint: TransportError.hint(for: .outOfMemory), requestMayHaveBeenSent: false)
    }

    /// Ends a running transfer in mid-flight. False when there is none of that ticket.
    func abortRunning(_ ticket: RequestTicket, with error: (Transfer) -> TransportError) -> Bool {
        guard let handle = runningByTicket[ticket], let entry = running[handle] else { return false }
        let result = error(entry.transfer)
        remove(entry)
        entry.completion(.failure(result))
        return true
    }

    /// The transfer under way for a ticket.
    func runningTransfer(_ ticket: RequestTicket) -> Transfer? {
        runningByTicket[ticket].flatMap { running[$0]?.transfer }
    }

    var runningTickets: [RequestTicket] { Array(runningByTicket.keys) }

    private func remove(_ entry: Running) {
        let handle = entry.transfer.easy.raw
        running[handle] = nil
        runningByTicket[entry.ticket] = nil
        let code = curl_multi_remove_handle(multi, handle)
        precondition(code == CURLM_OK, "a transfer that was added could not be removed from its multi handle")
        // Not used again: before libcurl 8.1.1 a handle keeps a pointer into freed headers of its last transfer, and
        // an answer that begins with a folded field writes through it (https://github.com/curl/curl/issues/11101).
        entry.transfer.release()
    }

    /// Frees everything of libcurl's. The transfers must have been ended before.
    func cleanUp() {
        isClosed = true
        clock?.cancel()
        curl_multi_cleanup(multi)
    }
}

// Driving libcurl.
extension TransferSet {
    /// Runs libcurl's own timers as long as one is due, hands out what ended, and sets the clock for the rest.
    /// A completion that starts another request ends up here again: then only the outer call drives.
    func drive() {
        guard !isDriving, !isClosed else { return }
        isDriving = true
        defer { isDriving = false }
        while !isClosed, curlDeadline <= monotonicNanoseconds() {
            curlDeadline = .max
            act(CURL_SOCKET_TIMEOUT, 0)
        }
        if !isClosed { armClock() }
    }

    private func act(_ socket: curl_socket_t, _ flags: Int32) {
        var count: Int32 = 0
        // CURLM_OUT_OF_MEMORY and the like leave the transfers to their timeouts; each gets its own result.
        _ = curl_multi_socket_action(multi, socket, flags, &count)
        handOut(ended: monotonicNanoseconds())
    }

    private func handOut(ended: Int64) {
        var left: Int32 = 0
        while !isClosed, let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let entry = running[handle]
            else { continue }
            let outcome = entry.transfer.outcome(ccurl_message_result(message), ended: ended)
            remove(entry)
            entry.completion(outcome)
            startWaiting()
        }
    }

    /// The timer callback must not call back into libcurl, so it only notes the instant.
    private func setDeadline(_ milliseconds: Int) {
        curlDeadline = milliseconds < 0 ? .max : monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
    }

    /// One timer serves: it is moved only when libcurl's deadline came nearer; when it fires early it is set again.
    private func armClock() {
        guard curlDeadline != .max else { return }
        if let clock, !clock.isCancelled, clock.instant <= curlDeadline { return }
        clock?.cancel()
        clock = context.schedule(at: curlDeadline) { [unowned self] in drive() }
    }

    private func watch(_ socket: curl_socket_t, _ what: Int32) {
        let events: UInt32
        switch what {
        case CURL_POLL_IN: events = EPOLLIN.rawValue
        case CURL_POLL_OUT: events = EPOLLOUT.rawValue
        case CURL_POLL_INOUT: events = EPOLLIN.rawValue | EPOLLOUT.rawValue
        default: return context.unwatch(socket)
        }
        if context.isWatching(socket) { return context.change(socket, events: events) }
        // Refused only for want of memory or watches; then the transfer ends by its timeout.
        _ = context.watch(socket, events: events) { [unowned self] ready in
            var flags: Int32 = 0
            if ready & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { flags |= CURL_CSELECT_IN }
            if ready & EPOLLOUT.rawValue != 0 { flags |= CURL_CSELECT_OUT }
            if ready & EPOLLERR.rawValue != 0 { flags |= CURL_CSELECT_ERR }
            act(socket, flags)
            drive()
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> TransferSet {
        guard let context else { preconditionFailure("libcurl called back without the context it was given") }
        return Unmanaged<TransferSet>.fromOpaque(context).takeUnretainedValue()
    }
}
