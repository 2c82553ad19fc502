# SPDX-License-Identifier: Apache-2.0
"""The driver is killed at every AWS call: before AWS gets it, and after AWS did it but before the answer comes back."""
import collections
import time
import unittest

from crashing import CrashCase
from relay import AFTER, BEFORE, Relay


class CallCase(CrashCase):
    options = ("--size=3",)
    moment = BEFORE

    def setUp(self):
        super().setUp()
        self.relay = Relay(self.about["endpoint"])
        self.addCleanup(self.relay.close)
        self.killed_at = collections.Counter()

    def one(self, number):
        """Kills the first life at that call. Returns whether it made so many."""
        manifest = self.begin(str(number))
        self.relay.kill(number, self.moment)
        driver = self.starting(manifest, endpoint=self.relay.endpoint)
        self.relay.meet(driver.pid)
        first = driver.end()
        if first.code >= 0:
            self.check(first, f"not killed ({number})")
            return False
        died = time.monotonic_ns()
        self.assertEqual(first.code, -9, first)
        where = f"killed at call {number}, {self.relay.fatal_call}, {self.moment}"
        run = self.left_behind()
        self.assertIsNotNone(run, f"{where}: the run is kept before AWS is asked anything")
        resumed = time.monotonic_ns()
        second = self.resuming(run["metadata"]["name"]).end()
        calls = self.check(second, where, died, resumed, self.phase(run))
        self.assertEqual(len(calls), 1, f"{where}: {self.call} was made once")
        self.killed_at[self.relay.fatal_call] += 1
        return True

    def every_call(self):
        number = 1
        while self.one(number):
            number += 1
        self.assertIn(self.call, self.killed_at)
        self.assertGreater(number, 15, "a run makes more calls than that")
        self.prove(f"killed {self.moment} at each of {number - 1} calls of a run with {self.call}: "
                   + ", ".join(f"{n} {a}" for a, n in sorted(self.killed_at.items())))


class TerminateBefore(CallCase):
    def test_before_each_call(self):
        self.every_call()


class TerminateAfter(CallCase):
    moment = AFTER

    def test_before_each_answer(self):
        self.every_call()


class DeregisterBefore(CallCase):
    call = "DeregisterTargets"

    def test_before_each_call(self):
        self.every_call()


class DeregisterAfter(CallCase):
    call, moment = "DeregisterTargets", AFTER

    def test_before_each_answer(self):
        self.every_call()


if __name__ == "__main__":
    unittest.main()
