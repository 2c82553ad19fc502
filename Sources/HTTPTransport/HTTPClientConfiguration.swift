// SPDX-License-Identifier: Apache-2.0

/// The bounds of one client. What is beyond a bound fails with a named code and is never held without limit.
package struct HTTPClientConfiguration: Sendable {
    /// Transfers under way at once; further requests wait.
    package var maximumActiveRequests: Int = 256
    /// Requests that may wait for their turn; one more fails as `.queueFull`.
    package var maximumWaitingRequests: Int = 4096
    /// Connections to one host at once; further transfers to it wait inside libcurl, under their own deadline.
    package var maximumConnectionsPerHost: Int = 64
    /// Idle connections that are kept for the next request.
    package var maximumIdleConnections: Int = 64
    /// Threads that may be blocked in the system's resolver at once.
    package var maximumResolverThreads: Int = 4
    /// How long an address found for a name is used again. The system's resolver tells no lifetime.
    package var nameLifetime: Duration = .seconds(5)
    /// Shown as the thread's name in `top -H`; 15 bytes count.
    package var threadName: String = "http-loop"

    /// Suits a client of one API.
    package init() {}
}
