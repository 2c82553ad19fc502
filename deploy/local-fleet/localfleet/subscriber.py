# SPDX-License-Identifier: Apache-2.0
"""The HTTP subscriber of the topic: writes down everything that arrives, and confirms a subscription when asked."""
import http.server
import json
import threading
import time
import urllib.request


class Subscriber:
    def __init__(self, host, journal):
        self.host, self.journal = host, journal
        self.port = 0
        self._server = None

    @property
    def url(self):
        return f"http://{self.host}:{self.port}/"

    def open(self):
        """Listens; after a `close` on the same port again."""
        if self._server is None:
            self._server = http.server.ThreadingHTTPServer((self.host, self.port), self._handler())
            self._server.daemon_threads = True
            self.port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        """Stops listening: deliveries are refused until `open`."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self):
        journal = self.journal

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                t_ns = time.monotonic_ns()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
                try:
                    parsed = json.loads(body)
                except ValueError:
                    parsed = None
                message = parsed.get("Message") if isinstance(parsed, dict) else None
                try:
                    message = json.loads(message) if isinstance(message, str) else message
                except ValueError:
                    pass
                headers = {k.lower(): v for k, v in self.headers.items()}
                journal.note("arrived", t_ns, path=self.path, headers=headers, body=body, envelope=parsed,
                             message=message)
                if isinstance(parsed, dict) and parsed.get("Type") == "SubscriptionConfirmation":
                    urllib.request.urlopen(parsed["SubscribeURL"], timeout=5).close()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler
