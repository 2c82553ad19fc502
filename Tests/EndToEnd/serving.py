# SPDX-License-Identifier: Apache-2.0
"""A server of the resource API for one test class, and ways to talk to it."""
import glob
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRODUCTS = os.environ.get("REBOUND_PRODUCTS", os.path.join(ROOT, ".build", "debug"))
EXAMPLES = os.path.join(ROOT, "deploy", "examples")
PEOPLE = {"admin": "rebound:admins", "vera": "", "agent:web-1": ""}


DEBIAN_KUBECTL = os.path.join(ROOT, ".build", "debian-kubectl", "usr", "bin", "kubectl")


def kubectls():
    """The kubectl of this machine, the oldest and newest of those that stand beside it, and Debian's where
    scripts/setup unpacked it because this machine's is another."""
    found = shutil.which("kubectl")
    if found is None:
        return []
    beside = sorted(glob.glob(os.path.realpath(found) + ".1.[0-9]*"), key=lambda path: int(path.rsplit(".", 1)[1]))
    debian = [DEBIAN_KUBECTL] if os.path.exists(DEBIAN_KUBECTL) else []
    return list(dict.fromkeys([found, *beside[:1], *beside[-1:], *debian]))


class Server:
    """The program api-harness over a store of its own, on a free port."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rebound-api-")
        people = [f"{name}={group}" if group else name for name, group in PEOPLE.items()]
        self.process = subprocess.Popen(
            [os.path.join(PRODUCTS, "api-harness"), self.folder, *people], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("PORT "):
            self.process.kill()
            raise RuntimeError(f"api-harness did not start: {line}{self.process.stderr.read()}")
        self.port = int(line.split()[1])
        self.url = f"https://127.0.0.1:{self.port}"

    def path(self, name):
        return os.path.join(self.folder, name)

    def token(self, who="admin"):
        with open(self.path(f"{who}.token")) as file:
            return file.read().strip()

    def kubeconfig(self, who="admin"):
        """A context by client certificate."""
        path = self.path(f"{who}.conf")
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "r", "cluster": {"server": self.url, "certificate-authority": self.path("ca.pem")}}],
            "users": [{"name": "u", "user": {"client-certificate": self.path(f"{who}.pem"),
                                             "client-key": self.path(f"{who}.key")}}],
            "contexts": [{"name": "c", "context": {"cluster": "r", "user": "u"}}]}
        with open(path, "w") as file:
            json.dump(config, file)
        return path

    def context(self, who=None):
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        if who:
            context.load_cert_chain(self.path(f"{who}.pem"), self.path(f"{who}.key"))
        return context

    def request(self, method, path, body=None, who="admin", headers=None, raw=False):
        """Status and document of one request by token; a body that is no text is sent as JSON."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(), timeout=30)
        headers = dict(headers or {})
        if who:
            headers.setdefault("Authorization", f"Bearer {self.token(who)}")
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content if raw else json.loads(content)

    def report(self, name, status, namespace="default"):
        """Writes the status of a run into the store, as whoever drives it would: the API takes it from nobody. Returns
        the version of the store that it made."""
        self.process.stdin.write(json.dumps({"namespace": namespace, "name": name, "status": status}) + "\n")
        self.process.stdin.flush()
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        assert word == "WRITTEN", (name, word, rest)
        return int(rest)

    def stream(self, path, who="admin"):
        """The lines of a watch, one after the other; closing the generator closes the connection."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(), timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token(who)}"})
        answer = connection.getresponse()
        try:
            while line := answer.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def bytes(self, content):
        """What is answered to bytes that may be no HTTP."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
            with self.context().wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(content)
                answer = b""
                while part := secure.recv(65536):
                    answer += part
                return answer

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process.stderr.close()
            shutil.rmtree(self.folder, ignore_errors=True)


def experiment(name="exp", labels=None, **limits):
    """A small experiment as a document."""
    return {
        "apiVersion": "rebound.chaos/v1", "kind": "Experiment",
        "metadata": {"name": name, "labels": labels or {"team": "web"}},
        "spec": {
            "hypothesis": "It holds.",
            "steadyState": [{"name": "web", "tcp": {"host": "127.0.0.1", "port": 1, "timeout": "1s"}, "every": "1s"}],
            "faults": [{"name": "stop", "ec2": {"action": "terminate"}, "targets": {
                "instances": {"region": "eu-west-1", "tags": {"app": "web"}}, "pick": {"count": 1}}}],
            "limits": {"maxTargets": 1, "minHealthy": 2, **limits},
            "recovery": {"stableFor": "1s", "giveUpAfter": "1m"}}}


def run(name="run-1", plan=None):
    """A run of it."""
    return {"apiVersion": "rebound.chaos/v1", "kind": "Run", "metadata": {"name": name},
            "spec": {"experiment": "exp", "seed": 7, "requestedBy": "somebody", "plan": plan or experiment()["spec"]}}


def run_status(phase, **more):
    return {"phase": phase, "phaseSince": {}, "verdictReasons": [], "undo": "none", "injections": [], "timeline": [],
            "reports": [], "conditions": [], **more}
