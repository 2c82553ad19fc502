// SPDX-License-Identifier: Apache-2.0
import CCurl
import Glibc

// The one place where libcurl's codes become ours. What each means is at
// https://curl.se/libcurl/c/libcurl-errors.html.

/// What a finished transfer knew of itself when it failed.
struct TransferFacts {
    var url: String
    /// libcurl's own words for this failure (CURLOPT_ERRORBUFFER); may be empty.
    var detail: String
    /// The connection stood and the request was about to go out (CURLINFO_PRETRANSFER_TIME_T was set).
    var reachedRequest: Bool
    /// errno of the last failed connect (CURLINFO_OS_ERRNO).
    var systemError: Int32
    var hitSizeLimit: Bool
    var timings: HTTPTimings
}

extension TransportError {
    static let outOfMemory = TransportError(
        .outOfMemory, message: "Memory for a request could not be had.", hint: "Give this process more memory.",
        requestMayHaveBeenSent: false)

    static func closed(mayHaveBeenSent: Bool, timings: HTTPTimings? = nil) -> TransportError {
        TransportError(
            .closed, message: "The HTTP client was closed.", hint: "Send before closing the client.",
            requestMayHaveBeenSent: mayHaveBeenSent, timings: timings)
    }

    static func cancelled(mayHaveBeenSent: Bool, timings: HTTPTimings? = nil) -> TransportError {
        TransportError(
            .cancelled, message: "The request was cancelled.", hint: "Nothing is to be done.",
            requestMayHaveBeenSent: mayHaveBeenSent, timings: timings)
    }

    /// The error for a transfer that ended with `result`, which must not be CURLE_OK.
    init(_ result: CURLcode, _ facts: TransferFacts) {
        let code = Self.code(for: result, facts)
        let words = facts.detail.isEmpty ? String(cString: curl_easy_strerror(result)) : facts.detail
        self.init(
            code, message: "\(facts.url): \(words)", hint: Self.hint(for: code),
            requestMayHaveBeenSent: facts.reachedRequest, timings: facts.timings)
        systemError = facts.systemError
    }

    private static func code(for result: CURLcode, _ facts: TransferFacts) -> Code {
        switch result {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION,
            CURLE_BAD_FUNCTION_ARGUMENT, CURLE_SETOPT_OPTION_SYNTAX:
            // Ours was checked before; afterwards these are about the answer: HTTP/0.9, or where it redirects to.
            facts.reachedRequest ? .protocolError : .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .cannotResolve
        case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED, CURLE_PROXY, CURLE_NO_CONNECTION_AVAILABLE:
            isShortage(facts.systemError) ? .outOfResources : .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: facts.reachedRequest ? .timedOut : .connectTimedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
            CURLE_SSL_SHUTDOWN_FAILED:
            .tls
        // A body of ours that would have to be sent again after the kept connection died: we do not repeat it.
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND: .connectionReset
        case CURLE_GOT_NOTHING: .emptyReply
        case CURLE_FILESIZE_EXCEEDED: .responseTooLarge
        case CURLE_WRITE_ERROR where facts.hitSizeLimit: .responseTooLarge
        case CURLE_TOO_MANY_REDIRECTS: .tooManyRedirects
        case CURLE_OUT_OF_MEMORY: .outOfMemory
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        // CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_BAD_CONTENT_ENCODING
        // and whatever else an HTTP transfer may end with: the answer could not be read as HTTP.
        default: .protocolError
        }
    }

    /// Errors of socket(2) and connect(2) that are about this machine, not the other one.
    static func isShortage(_ code: Int32) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(code)
    }

    static func hint(for code: Code) -> String {
        switch code {
        case .invalidURL: "Correct the URL, header or option that the message names."
        case .cannotResolve: "Check the host name and this machine's resolver."
        case .cannotConnect: "Check that the host is up, listens on that port and is not behind a firewall."
        case .connectTimedOut: "Check the route and firewalls to the host, or allow more time to connect."
        case .timedOut: "Check the load on the host, or allow more time in total."
        case .tls: "Check the certificate, its name and the trusted authorities (caFile)."
        case .connectionReset: "Check the server's log for why it dropped the connection."
        case .emptyReply: "Check that the port speaks this protocol and that the server did not end in mid-request."
        case .responseTooLarge: "Ask for less, or raise the limit on the answer's size."
        case .tooManyRedirects: "Check for a redirect loop, or raise the limit."
        case .cancelled: "Nothing is to be done."
        case .outOfMemory: "Give this process more memory."
        case .outOfResources: "Raise the limit on open files (ulimit -n) or local ports, or do less at once."
        case .queueFull: "Send less at once, or raise the client's bounds."
        case .closed: "Send before closing the client."
        case .protocolError: "Check that the port speaks HTTP and that the server does not end in mid-answer."
        }
    }
}
