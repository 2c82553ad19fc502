# SPDX-License-Identifier: Apache-2.0
"""The fleet program's side of the keeper: starts real processes by name and hears what became of them."""
import json
import os
import signal
import subprocess
import sys
import threading

from . import keeper as keeper_module


class Processes:
    def __init__(self):
        """Starts the keeper. Call this on a thread that lives as long as the fleet: the keeper dies with it."""
        parent = os.getpid()
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper_module.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=lambda: keeper_module.die_with_parent(parent), start_new_session=True)
        self._lock = threading.Lock()
        self._listeners = {}
        self.pids = {}
        self.on_keeper_death = lambda: None

    @property
    def keeper_pid(self):
        return self._child.pid

    def listen(self):
        threading.Thread(target=self._hear, name="processes", daemon=True).start()

    def start(self, name, argv, on_event, cwd=None, log=None, watch=None):
        """Starts `argv`; `on_event(event)` hears started, listening (when `watch` = (host, port) accepts) and died."""
        with self._lock:
            self._listeners[name] = on_event
        self._send({"do": "start", "name": name, "argv": argv, "cwd": cwd, "log": log, "watch": watch})

    def kill(self, name, number=signal.SIGKILL):
        self._send({"do": "signal", "name": name, "signal": int(number)})

    def close(self):
        """Ends the keeper and with it every process; returns when all are gone."""
        try:
            self._child.stdin.close()
            self._child.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            self._child.kill()
            self._child.wait()

    def _send(self, order):
        with self._lock:
            try:
                self._child.stdin.write(json.dumps(order).encode() + b"\n")
                self._child.stdin.flush()
            except (OSError, ValueError):
                pass  # the keeper is gone, and every process with it: on_keeper_death says so

    def _hear(self):
        for line in self._child.stdout:
            event = json.loads(line)
            name = event["name"]
            with self._lock:
                on_event = self._listeners.get(name)
                if event["ev"] == "started":
                    self.pids[name] = event["pid"]
                elif event["ev"] == "died":
                    self.pids.pop(name, None)
            if on_event:
                on_event(event)
        self.on_keeper_death()
