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

    def life(self, name):
        """A first life through the relay, however it ends."""
        driver = self.starting(self.begin(name), endpoint=self.relay.endpoint)
        self.relay.meet(driver.pid)
        return driver.end()

    def one(self, action, number):
        """Kills the first life at that call, and has another finish. Returns whether the first made so many calls."""
        self.relay.kill(action, number, self.moment)
        first = self.life(f"{action}-{number}".replace("/", "-"))
        where = f"killed at {action} {number}, {self.moment}"
        if first.code >= 0:
            self.check(first, f"not {where}")
            return False
        died = time.monotonic_ns()
        self.assertEqual(first.code, -9, first)
        run = self.left_behind()
        self.assertIsNotNone(run, f"{where}: the run is kept before AWS is asked anything")
        resumed = time.monotonic_ns()
        second = self.resuming(run["metadata"]["name"]).end()
        calls = self.check(second, where, died, resumed, self.phase(run))
        self.assertEqual(len(calls), 1, f"{where}: {self.call} was made once")
        return True

    def every_call(self):
        """How often each action is called is known from an undisturbed life. The looks at the world come as time goes
        by, and a life may make fewer of them; all others must come as often in every life."""
        self.relay.forget()
        self.check(self.life("undisturbed"), "undisturbed")
        calls, killed = dict(self.relay.calls), collections.Counter()
        for action, count in sorted(calls.items()):
            is_look = action.startswith("Describe")
            for number in range(1, count + 1):
                if self.one(action, number):
                    killed[action] += 1
                else:
                    self.assertTrue(is_look, f"{action} is called {count} times in every life")
        self.assertEqual(killed[self.call], 1)
        self.assertGreater(sum(killed.values()), 15, "a run makes more calls than that")
        self.prove(f"killed {self.moment} at {sum(killed.values())} of {sum(calls.values())} calls of a run with "
                   f"{self.call}: " + ", ".join(f"{n} {a}" for a, n in sorted(killed.items())))


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
