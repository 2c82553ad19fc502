// SPDX-License-Identifier: Apache-2.0
import Glibc

/// nginx on a free loopback port with TLS and HTTP/2. Answers with the protocol and the number of the connection.
package final class NginxServer: Sendable {
    private static let path = "/usr/sbin/nginx"
    /// Whether this machine has nginx.
    package static var isThere: Bool { access(path, X_OK) == 0 }

    package let port: Int
    private let process: ChildProcess
    private let certificates: TestCertificates

    /// Starts it; it may take a moment until it listens.
    package init(_ certificates: TestCertificates) throws {
        port = unusedPort()
        self.certificates = certificates
        let folder = certificates.folder
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder);" }
        let settings = """
            daemon off; master_process off; pid \(folder)/nginx.pid; error_log /dev/null;
            events { }
            http {
                access_log off; \(temporary.joined(separator: " "))
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(certificates.path("server.pem"));
                    ssl_certificate_key \(certificates.path("server.key"));
                    location / { return 200 "$server_protocol $connection"; }
                }
            }
            """
        guard let file = fopen(certificates.path("nginx.conf"), "w") else { throw TestToolFailure(command: "fopen") }
        fputs(settings, file)
        fclose(file)
        process = try ChildProcess(Self.path, ["-c", certificates.path("nginx.conf"), "-e", "/dev/null"])
    }

    deinit {
        unlink(certificates.path("nginx.conf"))
        unlink(certificates.path("nginx.pid"))
    }

    package var url: String { "https://127.0.0.1:\(port)/" }
}
