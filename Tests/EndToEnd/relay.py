# SPDX-License-Identifier: Apache-2.0
"""A relay in front of the fleet's API that, at a chosen call, kills the driver before the call or before its answer."""
import collections
import http.client
import http.server
import os
import re
import signal
import threading
import urllib.parse

BEFORE, AFTER = "before the call", "before its answer"


class Relay:
    """Counts the calls of one life of a driver. `kill` arms it, and `meet` says whom it is to kill."""

    def __init__(self, endpoint):
        self.fleet = urllib.parse.urlsplit(endpoint).netloc
        self.lock = threading.Lock()
        self.forget()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def forget(self):
        """A new life: calls are counted from one, and nobody is killed."""
        with self.lock:
            self.calls, self.fatal, self.moment, self.victim = collections.Counter(), None, None, None
            self.armed = threading.Event()

    def kill(self, action, number, moment):
        """Arms the relay for that many-th call of an action of the next driver, whose process id comes with `meet`."""
        self.forget()
        self.fatal, self.moment = (action, number), moment

    def meet(self, pid):
        self.victim = pid
        self.armed.set()

    def _handler(relay):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)
                action = found.group(1).decode() if found else self.path
                if b"DryRun=true" in body:
                    action += " (dry run)"
                with relay.lock:
                    relay.calls[action] += 1
                    this = (action, relay.calls[action])
                if this == relay.fatal and relay.moment == BEFORE:
                    return self.execute()
                connection = http.client.HTTPConnection(relay.fleet, timeout=60)
                try:
                    connection.request(self.command, self.path, body, dict(self.headers.items()))
                    answer = connection.getresponse()
                    data = answer.read()
                finally:
                    connection.close()
                if this == relay.fatal and relay.moment == AFTER:
                    return self.execute()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_DELETE = do_POST

            def execute(self):
                relay.armed.wait(60)
                os.kill(relay.victim, signal.SIGKILL)
                self.close_connection = True

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass            # the driver is gone

            def log_message(self, *_):
                pass

        return Handler
