# SPDX-License-Identifier: Apache-2.0
"""The load balancer: a real haproxy with a fixed number of server slots, filled and emptied through its own socket.

haproxy judges each server by its own health checks; we only read what it thinks, on each of its log lines (it logs
every change of state as it happens) and every POLL seconds. Nothing here decides that a server is well.
"""
import os
import shutil
import socket
import threading
import time

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
SLOTS = 96
POLL = 0.1

CONFIGURATION = """\
global
    nbthread 1
    maxconn 512
    log unix@haproxy-log.sock local0 info
    stats socket unix@haproxy.sock mode 600 level admin
defaults
    mode http
    log global
    option dontlog-normal
    no option http-server-close
    retries 0
    timeout connect 1s
    timeout client 30s
    timeout server {server_timeout}
    timeout check {check_timeout}
frontend public
    bind {host}:{port}
    option dontlognull
    no log
    default_backend web
backend web
    balance roundrobin
    option httpchk GET /health
    http-check expect status 200
    default-server inter {interval} fastinter {interval} downinter {interval} fall {fall} rise {rise}
    default-server on-marked-down shutdown-sessions
    server-template s 1-{slots} 127.0.0.1:9 check disabled
"""


class Balancer:
    def __init__(self, folder, host, port, processes, truth, settings):
        self.folder, self.host, self.port = folder, host, port
        self.processes, self.truth, self.settings = processes, truth, settings
        self.slots = {}             # instance id -> slot number
        self.opinions = {}          # instance id -> (up: bool, detail: str), haproxy's own latest word
        self.ready = threading.Event()
        self.on_opinion = lambda instance_id, up, detail, t_ns: None
        self.on_death = lambda: None
        self._lock = threading.RLock()

    @property
    def url(self):
        return f"http://{self.host}:{self.port}/"

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        # A Unix socket's path must be shorter than 108 bytes, a folder's need not: reach it through its descriptor.
        near = f"/proc/self/fd/{os.open(self.folder, os.O_DIRECTORY)}"
        self.socket_path = f"{near}/haproxy.sock"
        self._log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._log.bind(f"{near}/haproxy-log.sock")
        self._log.settimeout(POLL)
        milliseconds = f"{max(10, round(self.settings.health_interval * 1000))}ms"
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(
                host=self.host, port=self.port, slots=SLOTS,
                interval=milliseconds, check_timeout=milliseconds, fall=self.settings.fall, rise=self.settings.rise,
                server_timeout=f"{round(self.settings.server_timeout * 1000)}ms"))
        self.processes.start("haproxy", [HAPROXY, "-db", "-f", path], self._heard, cwd=self.folder,
                             log=os.path.join(self.folder, "output.log"), watch=[self.host, self.port])

    def watch(self):
        threading.Thread(target=self._watch, name="balancer", daemon=True).start()

    def put_in(self, instance_id, address, port):
        """Registers a server: it takes traffic once it has passed `rise` checks, not before."""
        with self._lock:
            if instance_id in self.slots:
                number = self.slots[instance_id]
            else:
                number = next((n for n in range(1, SLOTS + 1) if n not in self.slots.values()), None)
                if number is None:
                    raise RuntimeError(f"the load balancer has {SLOTS} slots and all are taken")
                self.slots[instance_id] = number
            self.opinions.pop(instance_id, None)
            server = f"web/s{number}"
            self._ask(f"set server {server} state maint", f"set server {server} addr {address} port {port}",
                      f"set server {server} state ready", f"set server {server} health down")

    def drain(self, instance_id):
        """No new requests to the server; those under way may finish."""
        with self._lock:
            if instance_id in self.slots:
                self._ask(f"set server web/s{self.slots[instance_id]} state drain")

    def take_out(self, instance_id):
        with self._lock:
            number = self.slots.pop(instance_id, None)
            self.opinions.pop(instance_id, None)
            if number is not None:
                self._ask(f"set server web/s{number} state maint",
                          f"shutdown sessions server web/s{number}")

    def look(self):
        """Reads haproxy's table and tells on_opinion what changed."""
        t_ns = time.monotonic_ns()
        changes = []
        with self._lock:
            rows = {row["svname"]: row for row in self._table() if row.get("pxname") == "web"}
            for instance_id, number in self.slots.items():
                row = rows.get(f"s{number}")
                if row is None:
                    continue
                status = row["status"].split(" ")[0]
                opinion = (status == "UP", f"{row['status']} {row.get('check_status', '').lstrip('* ')}".strip())
                before = self.opinions.get(instance_id)
                self.opinions[instance_id] = opinion
                if before is None or before != opinion:
                    changes.append((instance_id, before, opinion))
        for instance_id, before, (up, detail) in changes:
            self.on_opinion(instance_id, up, detail, t_ns)

    def _table(self):
        lines = self._ask("show stat web 4 -1").splitlines()
        if not lines or not lines[0].startswith("# "):
            return []
        names = lines[0][2:].split(",")
        return [dict(zip(names, line.split(","))) for line in lines[1:] if line]

    def _ask(self, *commands):
        with self._lock, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(self.socket_path)
                connection.sendall((";".join(commands) + "\n").encode())
                answer = b""
                while chunk := connection.recv(65536):
                    answer += chunk
            except OSError as error:
                self.truth.note("balancer_unreachable", error=str(error))
                return ""
        return answer.decode()

    def _heard(self, event):
        if event["ev"] == "listening":
            self.ready.set()
        elif event["ev"] == "died":
            self.truth.note("balancer_died", event["t_ns"], status=event["status"])
            self.on_death()

    def _watch(self):
        while True:
            try:
                line = self._log.recv(4096).decode("utf-8", "replace")
                if "Server web/" not in line:
                    continue
            except socket.timeout:
                pass
            except OSError:
                return
            self.look()
