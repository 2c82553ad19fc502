// SPDX-License-Identifier: Apache-2.0
import Glibc
import HTTPTransport
import TestSupport
import Testing

@Suite("HTTPClient: shortage")
struct ShortageTests {
    @Test("a process out of descriptors is our own trouble, and never the server's")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let server = RawServer.answering()
            let client = try HTTPClient()
            _ = try await client.send(HTTPRequest(url: server.url(), timeouts: ample))
            var request = HTTPRequest(url: "http://127.0.0.1:\(unusedPort())/", timeouts: ample)
            request.connection = .fresh
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 3
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            let error = await failure(of: client, request)
            precondition(error?.code == .outOfResources, "\(String(describing: error))")
            precondition(error?.isOurTrouble == true && error?.requestMayHaveBeenSent == false)
        }
    }
}
