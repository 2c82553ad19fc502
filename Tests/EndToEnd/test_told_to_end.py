# SPDX-License-Identifier: Apache-2.0
"""Whoever interrupts the tests gets his machine back: at whatever moment a signal comes, everything that they started
ends."""
import os
import signal
import subprocess
import time
import unittest
import uuid

from driving import LIFETIME, MARK, ROOT, program

RUN = [os.path.join(ROOT, "Tests", "EndToEnd", "run"), "-j", "2", "Planning", "Flapping"]
FLEET_TESTS = [os.path.join(ROOT, "scripts", "test"), "fleet"]

MOMENTS = {
    "import driving": (signal.SIGINT,), "fleet serve": (signal.SIGTERM, signal.SIGKILL), "haproxy": (signal.SIGTERM,),
    program("rebound"): (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)}


class ToldToEnd(unittest.TestCase):
    def begin(self, line):
        self.mark = f"{MARK}={uuid.uuid4().hex}"
        process = subprocess.Popen(
            line, env={**os.environ, MARK: self.mark.partition("=")[2]}, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.make_sure)
        return process

    def started(self):
        """The command lines, by number, of all that live and were started by it, in whatever session and group."""
        found = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/environ", "rb") as environment, open(f"/proc/{entry}/cmdline") as line:
                    if self.mark.encode() in environment.read().split(b"\0"):
                        found[int(entry)] = line.read().replace("\0", " ")
            except OSError:
                pass                                    # it ended meanwhile, or is ending
        return found

    def make_sure(self):
        """Nothing is left behind when a test fails, either."""
        for number in self.started():
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def eventually(self, what, holds):
        deadline = time.monotonic() + LIFETIME
        while not holds():
            self.assertLess(time.monotonic(), deadline, f"{what}: {self.started()}")
            time.sleep(0.01)

    def check(self, line, moment, number):
        process = self.begin(line)
        self.eventually(
            f"something with {moment!r} runs", lambda: any(moment in found for found in self.started().values()))
        process.send_signal(number)
        # A killed one cannot wait for what it started.
        self.assertEqual(process.wait(LIFETIME), -number if number == signal.SIGKILL else 128 + number)
        if number != signal.SIGKILL:
            self.assertEqual(self.started(), {}, "it waited until all had ended")
        self.eventually("all have ended", lambda: not self.started())

    def test_the_runner_ends_with_all_it_started(self):
        for moment, number in ((moment, number) for moment, numbers in MOMENTS.items() for number in numbers):
            with self.subTest(moment, signal=number.name):
                self.check(RUN, moment, number)

    def test_the_one_test_command_ends_with_all_it_started(self):
        for moment, number in (("fleet serve", signal.SIGTERM), ("haproxy", signal.SIGINT)):
            with self.subTest(moment, signal=number.name):
                self.check(FLEET_TESTS, moment, number)


if __name__ == "__main__":
    unittest.main()
