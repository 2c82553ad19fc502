# SPDX-License-Identifier: Apache-2.0
"""`rebound plan` changes nothing anywhere, and its hash holds a run to it."""
import os
import time
import unittest

from driving import ACTING, INCONCLUSIVE, PASS, ReboundCase

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}


class Planning(ReboundCase):
    options = ("--size=3", "--standalone=1")

    def plan(self, *more, store=None):
        return self.rebound("plan", "-f", self.manifest, "--store", store or self.store, "-o", "json", *more)

    def setUp(self):
        super().setUp()
        self.manifest = self.write(self.experiment(
            self.fault("ec2.terminate", **MEMBERS),
            self.fault("autoScaling.suspendProcesses", name="quiet", duration="1s", processes=["Launch"])))

    def test_a_plan_makes_reading_calls_only_and_keeps_nothing(self):
        folder = os.path.join(self.work.name, "not-there")
        done = self.plan(store=os.path.join(folder, "store.db"))
        self.assertEqual(done.code, PASS, done)
        calls = self.truth("api")
        self.assertTrue(calls)
        for call in calls:
            self.assertTrue(call["action"].startswith(("Describe", "Get")) or call["dry_run"], call["action"])
            self.assertFalse(call["action"] in ACTING and not call["dry_run"])
        self.assertFalse(os.path.exists(folder), "no store, no folder for it")
        self.assertEqual(os.listdir(self.work.name), ["experiment.json"], "nothing in HOME either")
        self.assertEqual(len(done.run["plan"]["steps"]), 2)
        allowed = [a for s in done.run["iamPolicy"]["Statement"] for a in s["Action"]]
        self.assertIn("ec2:TerminateInstances", allowed)
        self.prove(f"plan: {len(calls)} calls, each of them reading, and no file")

    def test_a_run_with_the_hash_does_what_was_planned(self):
        planned = self.plan("--seed", "11")
        again = self.plan("--seed", "11")
        self.assertEqual(planned.run["plan"]["hash"], again.run["plan"]["hash"], "the same world, the same plan")
        target = planned.run["plan"]["steps"][0]["target"]["id"]
        done = self.run_it(self.manifest, "--seed", "11", "--plan-hash", planned.run["plan"]["hash"])
        self.assertEqual([e["instance"] for e in self.truth("kill")], [target])
        self.assertEqual(done.status["plan"]["hash"], planned.run["plan"]["hash"])
        self.prove("--seed and --plan-hash: the planned one was terminated")

    def test_a_run_with_the_hash_refuses_a_world_that_changed(self):
        planned = self.plan("--seed", "11")
        self.ec2.terminate_instances(InstanceIds=[planned.run["plan"]["steps"][0]["target"]["id"]])
        self.eventually("it is noticed", lambda: len(self.truth("recovered")) == 1)
        self.until_whole()
        self.begun = time.monotonic_ns()
        done = self.run_it(
            self.manifest, "--seed", "11", "--plan-hash", planned.run["plan"]["hash"], expect=INCONCLUSIVE)
        self.assertIn("planChanged", done.status["verdictReasons"][0])
        self.assertEqual(self.acting_calls(), [])
        self.assertEqual(self.truth("kill"), [])
        self.prove("--plan-hash: a run is refused when the world changed, and nothing was done")


if __name__ == "__main__":
    unittest.main()
