# SPDX-License-Identifier: Apache-2.0
"""A driver that gets no processor for two seconds: what it could not see is told as not seen."""
import time
import unittest

from driving import INCONCLUSIVE, SIGCONT, SIGSTOP, ReboundCase

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}


class Starvation(ReboundCase):
    options = ("--size=3", "--notice=1")

    def starved(self, objective=None):
        """A run whose driver is frozen for two seconds while it recovers. Returns it, and the frozen stretch."""
        recovery = {"stableFor": "1s", "giveUpAfter": "60s", **({"objective": objective} if objective else {})}
        driver = self.starting(self.experiment(self.fault("ec2.terminate", **MEMBERS), recovery=recovery))
        driver.until_said("phase: Recovering")
        self.addCleanup(driver.signal, SIGCONT)
        driver.signal(SIGSTOP)
        begun = time.monotonic_ns()
        time.sleep(2)           # the starvation itself
        ended = time.monotonic_ns()
        driver.signal(SIGCONT)
        return driver.end(), begun, ended

    def test_what_was_not_measured_is_counted_and_is_in_the_bounds(self):
        done, begun, ended = self.starved()
        recovery = done.status["recovery"]
        probe = next(p for p in recovery["probes"] if p["name"] == "storefront")
        # 2 s at 20 ms are 100 slots; a slot or two at each edge may have been begun.
        self.assertGreaterEqual(probe["missed"], 95, done)
        self.assertEqual(probe["expected"], probe["samples"] + probe["missed"])
        self.assertNotEqual(done.status["verdict"], "pass", "half of the attempts are missing")
        gaps = [done.bounds({"low": g["start"], "high": g["end"]}) for g in recovery["gaps"]]
        covered = [g for g in gaps if g[0] <= begun + 200_000_000 and g[1] >= ended - 200_000_000]
        self.assertTrue(covered, f"a gap from {begun} to {ended} is told: {recovery['gaps']}")
        # The group became whole while nobody looked: the truth must be inside the bounds all the same.
        true = [e for e in self.truth("capacity")][-1]["t_ns"] - self.truth_of("kill")["t_ns"]
        figure = recovery["timeToRecover"]
        self.assertLessEqual(figure["low"], true / 1e9)
        self.assertGreaterEqual(figure["high"], true / 1e9)
        self.prove(f"starved for 2 s: {probe['missed']} attempts told as missed, a gap told, the verdict is "
                   f"{done.status['verdict']}")

    def test_an_objective_that_may_have_been_missed_meanwhile_is_not_passed(self):
        done, _, _ = self.starved({"timeToRecover": "1500ms"})
        self.assertEqual(done.code, INCONCLUSIVE, done)
        figure = done.status["recovery"]["timeToRecover"]
        self.assertLess(figure["low"], 1.5)
        self.assertGreater(figure["high"], 1.5)
        self.prove(f"starved: time to recover is told as {figure['low']:.2f} to {figure['high']:.2f} s, and an "
                   "objective of 1.5 s is inconclusive")


if __name__ == "__main__":
    unittest.main()
