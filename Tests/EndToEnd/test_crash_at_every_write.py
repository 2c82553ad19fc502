# SPDX-License-Identifier: Apache-2.0
"""The driver is killed at every write of its store, before and after the commit, and another takes the run up."""
import time
import unittest

from crashing import CrashCase


class WriteCase(CrashCase):
    options = ("--size=3",)
    moment = "committed"

    def one(self, number):
        """Kills the first life at that write. Returns whether it lived to write so often."""
        manifest, phase, died, resumed = self.begin(str(number)), None, None, None
        first = self.crash_runner(manifest, str(number), self.moment).end()
        if first.code != 0:
            self.assertEqual(first.code, -9, first)
            died = time.monotonic_ns()
            run = self.left_behind()
            phase, resumed = self.phase(run), time.monotonic_ns()
            second = self.crash_runner(manifest).end() if run is None else self.resuming(run["metadata"]["name"]).end()
            if phase == "Done":
                self.assertEqual(second.code, 2, second)       # nothing was left to do, and it says so
                second = self.rebound("get", "runs", run["metadata"]["name"], "--store", self.store, "-o", "json")
        else:
            second = first
        calls = self.check(second, f"write {number} {self.moment}", died, resumed, phase)
        # A call may be repeated only when it was not known whether the first one was made.
        self.assertEqual(len(calls), 1, f"write {number}: {self.call} was made once")
        return first.code != 0

    def every_write(self):
        number = 1
        while self.one(number):
            number += 1
        self.assertGreater(number, 20, "a run writes more often than that")
        self.prove(f"killed {self.moment} at each of {number - 1} writes of a run with {self.call}")


class TerminateCommitted(WriteCase):
    def test_after_each_commit(self):
        self.every_write()


class TerminateAboutToCommit(WriteCase):
    moment = "aboutToCommit"

    def test_before_every_commit(self):
        self.every_write()


class DeregisterCommitted(WriteCase):
    call = "DeregisterTargets"

    def test_after_each_commit(self):
        self.every_write()


class DeregisterAboutToCommit(WriteCase):
    call, moment = "DeregisterTargets", "aboutToCommit"

    def test_before_every_commit(self):
        self.every_write()


if __name__ == "__main__":
    unittest.main()
