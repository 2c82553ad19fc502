# SPDX-License-Identifier: Apache-2.0
"""The keeper starts, kills and watches every real process of a fleet, and notes when each thing happened.

It is a process of its own with one thread, so that its clock readings do not wait for moto's Python threads, and so
that the kernel's parent-death signal (prctl(2), PR_SET_PDEATHSIG) means what it says: when the keeper goes, however
it goes, all its children are killed. It goes when its standard input ends, which is when the fleet program does.

One JSON object a line. In: {"do": "start", "name", "argv", "cwd", "log", "watch": [host, port] or null} and
{"do": "signal", "name", "signal"}. Out: {"ev": "started" | "listening" | "signalled" | "died", "name", "pid", "t_ns",
...}.
"""
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
LISTEN_POLL_SECONDS = 0.002
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent, signal_number=signal.SIGKILL):
    """Runs in the child between fork and exec. The second look closes the gap before prctl took effect."""
    libc.prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        os._exit(127)


def outlive_parent():
    """Takes `die_with_parent` back."""
    libc.prctl(PR_SET_PDEATHSIG, 0)


class Keeper:
    def __init__(self):
        self.children = {}        # name -> (Popen, pidfd)
        self.by_fd = {}           # pidfd -> name
        self.waiting = {}         # name -> (host, port): started, not yet listening
        self.poller = select.poll()
        self.poller.register(0, select.POLLIN | select.POLLHUP)
        self.pid = os.getpid()
        self.pending = b""

    def say(self, ev, **fields):
        line = json.dumps({"ev": ev, **fields}) + "\n"
        try:
            os.write(1, line.encode())
        except BrokenPipeError:
            self.leave()

    def leave(self):
        for child, _ in self.children.values():
            child.kill()
        for child, _ in self.children.values():
            child.wait()
        os._exit(0)

    def start(self, order):
        name = order["name"]
        log = open(order["log"], "ab") if order.get("log") else subprocess.DEVNULL
        try:
            child = subprocess.Popen(
                order["argv"], cwd=order.get("cwd"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: die_with_parent(self.pid), start_new_session=True)
        except OSError as error:
            self.say("died", name=name, pid=0, t_ns=time.monotonic_ns(), status=-1, error=str(error))
            return
        finally:
            if log is not subprocess.DEVNULL:
                log.close()
        now = time.monotonic_ns()
        fd = os.pidfd_open(child.pid)
        self.children[name] = (child, fd)
        self.by_fd[fd] = name
        self.poller.register(fd, select.POLLIN)
        self.say("started", name=name, pid=child.pid, t_ns=now)
        if order.get("watch"):
            self.waiting[name] = tuple(order["watch"])

    def signal(self, order):
        entry = self.children.get(order["name"])
        if entry is None:
            return
        child, fd = entry
        before = time.monotonic_ns()
        try:
            signal.pidfd_send_signal(fd, order["signal"])
        except ProcessLookupError:
            return
        self.say("signalled", name=order["name"], pid=child.pid, t_ns=before, after_ns=time.monotonic_ns(),
                 signal=order["signal"])

    def look_for_listeners(self):
        for name, address in list(self.waiting.items()):
            with socket.socket() as probe:
                probe.setblocking(False)
                # A loopback connect is decided at once: 0 when somebody listens.
                if probe.connect_ex(address) in (0, 115):
                    _, ready, _ = select.select([], [probe], [], 0.05)
                    if not ready or probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
                        continue
                    self.waiting.pop(name)
                    self.say("listening", name=name, pid=self.children[name][0].pid, t_ns=time.monotonic_ns())

    def reap(self, fd):
        now = time.monotonic_ns()
        name = self.by_fd.pop(fd)
        child, _ = self.children.pop(name)
        self.waiting.pop(name, None)
        self.poller.unregister(fd)
        os.close(fd)
        self.say("died", name=name, pid=child.pid, t_ns=now, status=child.wait())

    def read_orders(self):
        data = os.read(0, 65536)
        if not data:
            self.leave()
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            {"start": self.start, "signal": self.signal}[order["do"]](order)

    def run(self):
        while True:
            timeout = LISTEN_POLL_SECONDS * 1000 if self.waiting else None
            ready = self.poller.poll(timeout)
            for fd, _ in sorted(ready, reverse=True):
                self.read_orders() if fd == 0 else self.reap(fd)
            self.look_for_listeners()


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # the fleet program decides, by closing our input
    Keeper().run()
    sys.exit(0)
