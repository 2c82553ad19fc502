# SPDX-License-Identifier: Apache-2.0
"""One guest for all tests of a process, with the program in it, and what tests ask of it."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Guests"))
import lab  # noqa: E402

INJECT = os.environ.get("REBOUND_INJECT", os.path.join(ROOT, ".build/static/release/rebound-inject"))
ADDRESS = "10.91.0.11"          # of the guest, at the interface that is broken
PATIENCE = 120
DUMP = "for what in qdisc class filter; do tc -j $what show dev eth0; done"


def missing():
    """Why there can be no guest here; None when there can."""
    if os.geteuid() != 0:
        return "guests need root"
    tools = [tool for tool in lab.TOOLS if not shutil.which(tool)]
    return f"guests need {' '.join(tools)}: scripts/setup" if tools else None


class Host:
    """The guest. `share` is a folder that both sides see."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rebound-host-")
        self.lab = lab.Lab(os.path.join(self.folder, "lab"))
        atexit.register(self.down)
        self.lab.up(1, 256, os.getpid())
        self.share = self.lab.path("share")
        shutil.copy(INJECT, os.path.join(self.share, "rebound-inject"))
        for name in ("hold", "echo.pl", "crash", "ours"):
            shutil.copy(os.path.join(HERE, "guest", name), self.share)

    def down(self):
        self.lab.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sh(self, script, check=True):
        """Runs a script in the guest; its output."""
        done = subprocess.run(self.lab.ssh("h1", "bash"), input=script, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE)
        if check and done.returncode != 0:
            raise AssertionError(f"{script}\nended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def dump(self):
        return self.sh(DUMP)

    def start(self, document, lines="", more=""):
        """Starts the injector in the guest, its input held open after `lines`; a process whose output is events."""
        text = json.dumps(document)
        process = subprocess.Popen(self.lab.ssh("h1", f"/share/rebound-inject run {more}"), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, bufsize=1)
        process.stdin.write(text + "\n" + lines)
        process.stdin.flush()
        return process

    def events(self, text):
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def inside(self, *words):
        """The words of a program that runs on this machine, in the network of the guests."""
        return ["nsenter", f"--net=/proc/{self.lab.facts['keeper']}/ns/net", *words]


shared = None


class HostCase(unittest.TestCase):
    """A test on the guest; before and after each, nothing of ours is on it."""

    @classmethod
    def setUpClass(cls):
        global shared
        why = missing()
        if why and os.environ.get("CI"):
            raise AssertionError(f"the tests of hosts must run here: {why}")
        if why:
            raise unittest.SkipTest(why)
        if shared is None:
            shared = Host()
        cls.host = shared

    def setUp(self):
        self.host.sh("/share/rebound-inject revert --all && rm -rf /var/lib/rebound/journal/record-*")
        self.assertFalse("5eb0:" in self.host.dump(), "a fault of an earlier test is still there")

    def document(self, name, duration="20s", **more):
        return {"apiVersion": "rebound.chaos/v1", "kind": "HostInjection", "id": name, "duration": duration, **more}

    def end(self, process):
        """Ends an injector that a failed test left: its input is closed, and it reverts."""
        if process.poll() is None and not process.stdin.closed:
            process.communicate(timeout=PATIENCE)
        process.stdout.close()

    def until(self, process, event):
        """Reads events up to the one that is waited for; all of them."""
        seen = []
        for line in process.stdout:
            seen.append(json.loads(line))
            if seen[-1]["event"] == event:
                return seen
        self.fail(f"no {event}: {seen}")

    def ends(self, process, code):
        """Closes the input, and returns the events that were left once it ended so."""
        output, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, code, output)
        return self.host.events(output)
