# SPDX-License-Identifier: Apache-2.0
"""A released controller with a data folder of its own, its administrator, and what /proc says of it."""
import base64
import http.client
import json
import os
import re
import ssl
import subprocess
import threading


class Controller:
    def __init__(self, program, folder):
        self.folder = folder
        self.said = []
        self.process = subprocess.Popen(
            [program, "serve", "--data-folder", self.path("data"), "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ.get("PATH", ""), "HOME": folder, "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                 "AWS_REGION": "eu-west-1"})
        self.port = int(self.until(r'serving the API.*port(?:=|":")(\d+)'))
        written = self.until(r"rebound-login:([\w-]+)")
        ticket = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        # What it says from now on is read, so that it never waits for a reader.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.log_in(ticket)

    def until(self, pattern):
        while line := self.process.stdout.readline():
            self.said.append(line)
            if found := re.search(pattern, line):
                return found.group(1)
        raise SystemExit("the controller did not start:\n" + "".join(self.said))

    def path(self, name):
        return os.path.join(self.folder, name)

    def log_in(self, ticket):
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=bench", "-keyout", self.path("key.pem"), "-out", self.path("request.pem")], check=True,
                       stderr=subprocess.DEVNULL)
        with open(self.path("ca.pem"), "w") as file:
            file.write(ticket["authority"])
        with open(self.path("request.pem")) as file:
            answer = self.connection(False).ask(
                "POST", "/login", {"token": ticket["token"], "certificateRequest": file.read()})
        with open(self.path("certificate.pem"), "w") as file:
            file.write(answer["certificate"])

    def connection(self, with_certificate=True):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if with_certificate:
            context.load_cert_chain(self.path("certificate.pem"), self.path("key.pem"))
        return Connection(http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=60))

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field="VmRSS"):
        """In MiB."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(field + r":\s+(\d+) kB", file.read()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Connection:
    """One that is kept, as every client of an API keeps it."""

    def __init__(self, connection):
        self.connection = connection

    def ask(self, method, path, body, content="application/json"):
        self.connection.request(method, path, json.dumps(body), {"Content-Type": content})
        answer = self.connection.getresponse()
        text = answer.read()
        if not 200 <= answer.status < 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text.startswith((b"{", b"[")) else text

    def get(self, path):
        self.connection.request("GET", path)
        return json.loads(self.connection.getresponse().read())
