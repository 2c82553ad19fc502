// SPDX-License-Identifier: Apache-2.0
import CCurl
import CLinux
import Glibc

/// One easy handle with what its callbacks fill in, for one request. A class because libcurl holds its
/// address. It is touched on the loop's thread only.
final class Transfer {
    let easy: EasyHandle
    private(set) var begun: Int64 = 0
    private(set) var url = ""
    private var headerList = HeaderList()
    private var resolveList = HeaderList()
    private var connectToList = HeaderList()
    private var answer = AnswerCollector()
    private var body: [UInt8] = []
    private var bodyOffset = 0
    /// errno of the last socket(2) that failed; libcurl does not keep that one.
    private var socketError: Int32 = 0
    /// Where the body goes in pieces; nil collects it.
    private var stream: StreamSink?
    private var streamDeadlines: StreamDeadlines?

    init() throws(TransportError) { easy = try EasyHandle() }

    /// Sets every option for the request. `addresses` is where the name was resolved to, or empty.
    /// Times are what is left of the request's own.
    func prepare(
        _ checked: CheckedRequest, addresses: [String], begun: Int64, connectMilliseconds: Int64,
        totalMilliseconds: Int64, stream: StreamSink? = nil
    ) throws(TransportError) {
        self.begun = begun
        self.stream = stream
        streamDeadlines = stream.map {
            StreamDeadlines(head: begun + checked.totalMilliseconds * 1_000_000, idle: $0.limits.idle.wholeNanoseconds)
        }
        url = checked.request.url
        answer = AnswerCollector(limit: checked.request.maximumResponseBytes)
        body = checked.request.body
        bodyOffset = 0
        socketError = 0
        var errors = OptionErrors()
        easy.reset()
        easy.useErrorBuffer(&errors)
        setCallbacks(&errors)
        setSocketMaker(&errors)
        setSafety(checked, &errors)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, Int(connectMilliseconds), &errors)
        // A stream may last as long as it says something: its deadlines are `streamDeadlines`. Zero means none.
        easy.set(CURLOPT_TIMEOUT_MS, stream == nil ? Int(totalMilliseconds) : 0, &errors)
        setRoute(checked, addresses: addresses, &errors)
        setMethod(checked.request, &errors)
        setTLS(checked.request.tls, &errors)
        setHeaders(checked, &errors)
        guard headerList.isComplete, resolveList.isComplete, connectToList.isComplete else { throw .outOfMemory }
        guard errors.first == CURLE_OK else { throw TransportError(errors.first, facts(ended: begun)) }
    }

    /// Gives back what belongs to the finished request.
    func release() {
        easy.reset()
        headerList = HeaderList()
        resolveList = HeaderList()
        connectToList = HeaderList()
        answer = AnswerCollector()
        body = []
        stream = nil
        streamDeadlines = nil
    }

    /// When a streamed answer has been silent for too long (CLOCK_MONOTONIC nanoseconds); nil for any other.
    var silenceDeadline: Int64? {
        guard let streamDeadlines, let stream else { return nil }
        // While we do not read, the other side cannot speak.
        if stream.isPaused { return monotonicNanoseconds() + streamDeadlines.idle }
        return streamDeadlines.next
    }

    /// How long a streamed body may say nothing, in nanoseconds.
    var longestSilence: Int64 { streamDeadlines?.idle ?? .max / 2 }

    /// Offers the bytes that a streamed answer's reader had no room for again (curl_easy_pause(3)).
    func resume() -> CURLcode {
        stream?.goOn()
        streamDeadlines?.spoke(at: monotonicNanoseconds())
        return curl_easy_pause(easy.raw, CURLPAUSE_CONT)
    }

    /// What the transfer gave; to be asked before it is taken out of the multi handle.
    func outcome(_ result: CURLcode, ended: Int64) -> Result<HTTPResponse, TransportError> {
        guard result == CURLE_OK else { return .failure(TransportError(result, facts(ended: ended))) }
        let status = easy.long(CURLINFO_RESPONSE_CODE)
        // A first line such as "HTTP/200 OK" and then the end is a good answer to libcurl, with the status 0.
        guard (100...999).contains(status) else {
            return .failure(TransportError(CURLE_WEIRD_SERVER_REPLY, facts(ended: ended)))
        }
        let address = easy.text(CURLINFO_PRIMARY_IP).flatMap { $0.isEmpty ? nil : $0 }
        return .success(
            HTTPResponse(
                status: status, headers: answer.headers(), body: answer.body,
                timings: timings(ended: ended),
                remoteAddress: address.map { "\(bracketed($0)):\(easy.long(CURLINFO_PRIMARY_PORT))" }))
    }

    func facts(ended: Int64) -> TransferFacts {
        TransferFacts(
            url: url, detail: easy.errorText, reachedRequest: mayHaveSent,
            systemError: socketError != 0 ? socketError : Int32(truncatingIfNeeded: easy.long(CURLINFO_OS_ERRNO)),
            hitSizeLimit: answer.isFull,
            timings: timings(ended: ended))
    }

    /// Either sign suffices: the step before sending was passed, or bytes were counted. Erring to true is safe.
    var mayHaveSent: Bool {
        easy.microseconds(CURLINFO_PRETRANSFER_TIME_T) > .zero || easy.long(CURLINFO_REQUEST_SIZE) > 0
    }

    func timings(ended: Int64) -> HTTPTimings {
        var timings = HTTPTimings(begun: begun, ended: ended)
        // libcurl counts from when it was given the transfer; what went before (our resolver) is the difference.
        let before = timings.total - easy.microseconds(CURLINFO_TOTAL_TIME_T)
        let lead = max(before, .zero)
        func step(_ info: CURLINFO) -> Duration {
            let time = easy.microseconds(info)
            return time > .zero ? time + lead : .zero
        }
        timings.nameLookup = step(CURLINFO_NAMELOOKUP_TIME_T)
        timings.connect = step(CURLINFO_CONNECT_TIME_T)
        timings.tlsHandshake = step(CURLINFO_APPCONNECT_TIME_T)
        timings.firstByte = step(CURLINFO_STARTTRANSFER_TIME_T)
        return timings
    }
}

extension Transfer {
    private func setCallbacks(_ errors: inout OptionErrors) {
        let address = Unmanaged.passUnretained(self).toOpaque()
        errors.note(ccurl_set_pointer(easy.raw, CURLOPT_PRIVATE, address))
        errors.note(ccurl_set_pointer(easy.raw, CURLOPT_WRITEDATA, address))
        errors.note(ccurl_set_pointer(easy.raw, CURLOPT_HEADERDATA, address))
        errors.note(
            ccurl_set_bytes_callback(easy.raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                Transfer.of(context).takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
        errors.note(
            ccurl_set_bytes_callback(easy.raw, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                Transfer.of(context).takeHeaderLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
            })
    }

    /// The count taken, or the sign that libcurl is to keep the bytes until the reader has room.
    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let stream else { return answer.addBody(bytes) }
        streamDeadlines?.spoke(at: monotonicNanoseconds())
        return stream.take(bytes) ? bytes.count : Int(CURL_WRITEFUNC_PAUSE)
    }

    private func takeHeaderLine(_ line: UnsafeRawBufferPointer) -> Int {
        let taken = answer.addHeaderLine(line)
        // An empty line ends a head; an interim one (1xx) is followed by another.
        guard let stream, taken == line.count, line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else { return taken }
        let status = easy.long(CURLINFO_RESPONSE_CODE)
        guard status >= 200 else { return taken }
        streamDeadlines?.beginBody(at: monotonicNanoseconds())
        stream.begin(HTTPStreamHead(status: status, headers: answer.headers()))
        return taken
    }

    private func setSocketMaker(_ errors: inout OptionErrors) {
        errors.note(
            ccurl_set_pointer(easy.raw, CURLOPT_OPENSOCKETDATA, Unmanaged.passUnretained(self).toOpaque()))
        errors.note(
            ccurl_set_socket_maker(easy.raw) { context, _, address in
                guard let address else { return CURL_SOCKET_BAD }
                let kind = address.pointee.socktype | clinux_close_on_exec
                let made = socket(address.pointee.family, kind, address.pointee.protocol)
                if made < 0 { Transfer.of(context).socketError = errno }
                return made
            })
    }

    /// What must never be left to the library's defaults.
    private func setSafety(_ checked: CheckedRequest, _ errors: inout OptionErrors) {
        easy.set(CURLOPT_NOSIGNAL, 1, &errors)
        // A resolver of libcurl's own (proxies, redirects) is left to itself instead of waited for.
        easy.set(CURLOPT_QUICK_EXIT, 1, &errors)
        easy.set(CURLOPT_PROTOCOLS_STR, "http,https", &errors)
        easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https", &errors)
        errors.note(
            ccurl_set_offset(
                easy.raw, CURLOPT_MAXFILESIZE_LARGE,
                stream == nil ? curl_off_t(max(1, checked.request.maximumResponseBytes)) : 0))
        if case .follow(let limit) = checked.request.redirects {
            easy.set(CURLOPT_FOLLOWLOCATION, 1, &errors)
            easy.set(CURLOPT_MAXREDIRS, limit, &errors)
        } else {
            easy.set(CURLOPT_FOLLOWLOCATION, 0, &errors)
        }
    }

    private func setRoute(_ checked: CheckedRequest, addresses: [String], _ errors: inout OptionErrors) {
        let request = checked.request
        easy.set(CURLOPT_URL, checked.effectiveURL, &errors)
        if let connectTo = checked.connectTo {
            connectToList.append(connectTo)
            easy.set(CURLOPT_CONNECT_TO, connectToList, &errors)
        }
        if !addresses.isEmpty {
            // "+" lets the entry age, so that libcurl's name cache stays bounded (CURLOPT_RESOLVE).
            resolveList.append("+\(checked.host):\(checked.port):\(addresses.map(bracketed).joined(separator: ","))")
            easy.set(CURLOPT_RESOLVE, resolveList, &errors)
        }
        if let path = request.unixSocketPath { easy.set(CURLOPT_UNIX_SOCKET_PATH, path, &errors) }
        switch request.proxy {
        case .none: easy.set(CURLOPT_PROXY, "", &errors)
        case .environment: break
        case .url(let proxy): easy.set(CURLOPT_PROXY, proxy, &errors)
        }
        let isFresh = request.connection == .fresh || !request.isSafeOnKeptConnection
        easy.set(CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0, &errors)
        easy.set(CURLOPT_FORBID_REUSE, request.connection == .fresh ? 1 : 0, &errors)
        easy.set(CURLOPT_TCP_NODELAY, 1, &errors)
        easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS), &errors)
    }

    private func setMethod(_ request: HTTPRequest, _ errors: inout OptionErrors) {
        if !request.announcesBody {
            easy.set(request.method == "HEAD" ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1, &errors)
            if request.method != "HEAD", request.method != "GET" {
                easy.set(CURLOPT_CUSTOMREQUEST, request.method, &errors)
            }
            return
        }
        easy.set(CURLOPT_POST, 1, &errors)
        if request.method != "POST" { easy.set(CURLOPT_CUSTOMREQUEST, request.method, &errors) }
        errors.note(ccurl_set_offset(easy.raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        errors.note(ccurl_set_pointer(easy.raw, CURLOPT_READDATA, Unmanaged.passUnretained(self).toOpaque()))
        errors.note(
            ccurl_set_bytes_callback(easy.raw, CURLOPT_READFUNCTION) { bytes, size, count, context in
                Transfer.of(context).readBody(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            })
        guard request.redirects != .refuse else { return }
        // Only for redirects: without a way back libcurl cannot repeat a body on its own after a kept connection died.
        errors.note(ccurl_set_pointer(easy.raw, CURLOPT_SEEKDATA, Unmanaged.passUnretained(self).toOpaque()))
        errors.note(
            ccurl_set_seek_callback(easy.raw) { context, offset, origin in
                Transfer.of(context).seekBody(to: Int(offset), origin: origin)
            })
    }

    private func setTLS(_ tls: TLSOptions, _ errors: inout OptionErrors) {
        easy.set(CURLOPT_SSL_VERIFYPEER, tls.verifiesPeer ? 1 : 0, &errors)
        easy.set(CURLOPT_SSL_VERIFYHOST, tls.verifiesPeer ? 2 : 0, &errors)
        let minimum = tls.minimumVersion == .tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2
        easy.set(CURLOPT_SSLVERSION, Int(minimum), &errors)
        if let file = tls.caFile { easy.set(CURLOPT_CAINFO, file, &errors) }
        if let text = tls.caPEM { easy.set(CURLOPT_CAINFO_BLOB, text, &errors) }
        // libcurl would go on trusting the system's folder of authorities beside those that were given.
        if tls.caFile != nil || tls.caPEM != nil { easy.clear(CURLOPT_CAPATH, &errors) }
        if let text = tls.clientCertificatePEM { easy.set(CURLOPT_SSLCERT_BLOB, text, &errors) }
        if let text = tls.clientKeyPEM { easy.set(CURLOPT_SSLKEY_BLOB, text, &errors) }
        if let file = tls.clientCertificateFile { easy.set(CURLOPT_SSLCERT, file, &errors) }
        if let file = tls.clientKeyFile { easy.set(CURLOPT_SSLKEY, file, &errors) }
    }

    private func setHeaders(_ checked: CheckedRequest, _ errors: inout OptionErrors) {
        guard !checked.headerLines.isEmpty else { return }
        for line in checked.headerLines { headerList.append(line) }
        easy.set(CURLOPT_HTTPHEADER, headerList, &errors)
    }

    private func readBody(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, body.count - bodyOffset)
        guard count > 0 else { return 0 }
        body.withUnsafeBytes {
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[bodyOffset..<bodyOffset + count]))
        }
        bodyOffset += count
        return count
    }

    private func seekBody(to offset: Int, origin: Int32) -> Int32 {
        guard origin == SEEK_SET, offset >= 0, offset <= body.count else { return Int32(CURL_SEEKFUNC_FAIL) }
        bodyOffset = offset
        return Int32(CURL_SEEKFUNC_OK)
    }

    /// The transfer whose address libcurl was given; it outlives every callback, as the client holds it until the
    /// handle has left the multi handle.
    static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        guard let context else { preconditionFailure("libcurl called back without the context it was given") }
        return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }
}
