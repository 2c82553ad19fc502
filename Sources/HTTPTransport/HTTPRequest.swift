// SPDX-License-Identifier: Apache-2.0

/// How long a request may take. There are no defaults: the caller must think.
package struct HTTPTimeouts: Sendable, Equatable {
    /// Until the connection stands, name resolution and TLS included. At least 1 ms.
    package var connect: Duration
    /// Until the last byte of the answer, waiting in our own queue included. At least 1 ms.
    package var total: Duration

    /// Both are measured from the moment the request is handed over.
    package init(connect: Duration, total: Duration) {
        self.connect = connect
        self.total = total
    }
}

/// One header field as it is sent or was received.
package struct HTTPHeader: Sendable, Equatable {
    /// The field name; compared without regard to case.
    package var name: String
    /// The field value without surrounding white space.
    package var value: String

    /// Checked for forbidden bytes when the request is sent, not here.
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Whether a request may travel on a connection that an earlier one opened.
package enum ConnectionReuse: String, Sendable, CaseIterable {
    /// A new connection for this request, closed after it. A kept connection can hide that nobody listens any more.
    case fresh
    /// An idle connection to the same place is used again, and this one is kept.
    case keepAlive
}

/// What a 3xx answer means.
package enum RedirectPolicy: Sendable, Equatable {
    /// The 3xx is the answer.
    case refuse
    /// Up to `limit` redirects are followed, to http and https only; one more is `.tooManyRedirects`.
    case follow(limit: Int)
}

/// Through what a request goes. The environment's proxies are used only where somebody asked for them.
package enum HTTPProxy: Sendable, Equatable {
    /// Straight to the host, whatever the environment says.
    case none
    /// As `http_proxy`, `https_proxy` and `no_proxy` say (https://curl.se/libcurl/c/CURLOPT_PROXY.html).
    case environment
    /// Always through this one, for example `http://10.0.0.1:3128`.
    case url(String)
}

/// One HTTP request, complete: nothing about it comes from elsewhere.
package struct HTTPRequest: Sendable {
    /// A token such as `GET`; sent as written.
    package var method: String
    /// An absolute http or https URL without user and password.
    package var url: String
    /// Sent in this order. `Host`, `Content-Length` and `Accept` are added where absent.
    package var headers: [HTTPHeader]
    /// Sent whole with its length; empty means no body.
    package var body: [UInt8]
    package var timeouts: HTTPTimeouts
    package var connection: ConnectionReuse = .keepAlive
    package var redirects: RedirectPolicy = .refuse
    package var tls = TLSOptions()
    /// An answer with a longer body fails as `.responseTooLarge` while it streams in. Bytes.
    package var maximumResponseBytes: Int = 64 * 1024 * 1024
    /// Talks to this Unix socket instead of connecting to the URL's host.
    package var unixSocketPath: String?
    package var proxy: HTTPProxy = .none

    /// The rarer members are set afterwards.
    package init(
        method: String = "GET", url: String, headers: [HTTPHeader] = [], body: [UInt8] = [], timeouts: HTTPTimeouts
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
    }
}
