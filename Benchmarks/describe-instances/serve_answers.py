# SPDX-License-Identifier: Apache-2.0
"""Serves stored answers: page-0 to a first request, page-N to one with NextToken=page-N. Keeps connections open.

usage: serve_answers.py FOLDER    (prints the port, ends when its standard input is closed)
"""
import http.server
import pathlib
import re
import sys
import threading

pages = {path.stem: path.read_bytes() for path in pathlib.Path(sys.argv[1]).glob("page-*.xml")}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token = re.search(r"NextToken=(page-\d+)", form)
        body = pages[token.group(1) if token else "page-0"]
        self.send_response(200)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
