# SPDX-License-Identifier: Apache-2.0
"""Two processes on one store: one drives a run, and together they take no more than they may."""
import unittest

from driving import ERROR, INCONCLUSIVE, PASS, ReboundCase

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}


class TwoProcesses(ReboundCase):
    options = ("--size=4", "--standalone=2", "--notice=2")

    def policy(self, **spec):
        return {"apiVersion": "rebound.chaos/v1", "kind": "Policy", "metadata": {"name": "caps"}, "spec": spec}

    def test_a_run_that_is_driven_is_not_driven_twice(self):
        first = self.starting(self.experiment(self.fault("ec2.stop", duration="2s", tags={"app": "standalone"})))
        first.until_said("phase: Injecting")
        name = self.rebound("get", "runs", "--store", self.store, "-o", "json").run["items"][0]["metadata"]["name"]
        second = self.resuming(name).end()
        self.assertEqual(second.code, ERROR, second)
        self.assertIn("another process drives", second.said)
        done = first.end()
        self.assertEqual((done.code, done.status["undo"]), (PASS, "clean"), done)
        self.assertEqual(len(self.acting_calls("StopInstances")), 1)
        self.assertEqual(len(self.acting_calls("StartInstances")), 1)
        self.prove("a second process is refused the run that another drives, and disturbs nothing")

    def together(self, experiment, number, *documents):
        """So many runs at the same time on one store."""
        manifest = self.write(experiment, *documents)
        drivers = [self.starting(manifest, "--seed", "5") for _ in range(number)]       # all want the same target
        return [driver.end() for driver in drivers]

    def test_two_runs_never_take_the_same_target(self):
        ended = self.together(self.experiment(self.fault("ec2.terminate", **MEMBERS)), 2)
        took = [i["target"] for d in ended for i in d.injections if i["state"] == "completed"]
        self.assertEqual(len(took), len(set(took)), "each target once")
        self.assertEqual(sorted(took), sorted(e["instance"] for e in self.truth("kill")))
        self.assertGreaterEqual(len(took), 1)
        calls = self.acting_calls("TerminateInstances")
        self.assertEqual(len(calls), len(took), "no target was terminated twice")
        self.prove(f"two runs with one seed at once: {len(took)} of two terminated, no target twice")

    def test_two_runs_never_exceed_the_caps_together(self):
        ended = self.together(
            self.experiment(self.fault("ec2.terminate", **MEMBERS)), 3, self.policy(maxTargetsPerDay=1))
        self.assertEqual(len(self.truth("kill")), 1, "one a day was allowed")
        self.assertEqual(len(self.acting_calls("TerminateInstances")), 1)
        codes = sorted(d.code for d in ended)
        self.assertEqual(codes[1:], [INCONCLUSIVE] * 2, [str(d) for d in ended])
        reasons = " ".join(i.get("message", "") for d in ended for i in d.injections if i["state"] == "refused")
        self.assertRegex(reasons, "24 hours|is held by run")
        self.prove("three runs at once with one target a day: one died, two were refused and say why")

    def test_two_runs_never_go_below_min_healthy_together(self):
        limits = {"maxTargets": 1, "minHealthy": 3}
        self.together(self.experiment(self.fault("ec2.terminate", **MEMBERS), limits=limits), 3)
        down, lowest = set(), 4
        for event in self.truth("kill", "inservice"):
            down ^= {event["instance"]} if event["ev"] == "kill" else set()
            lowest = min(lowest, 4 - len(down)) if not self.replaced(event) else lowest
        self.assertGreaterEqual(lowest, 3, [e for e in self.truth("kill", "inservice")])
        self.prove("three runs at once with minHealthy 3 of 4: never fewer than three served")

    def replaced(self, event):
        return event["ev"] == "inservice"


if __name__ == "__main__":
    unittest.main()
