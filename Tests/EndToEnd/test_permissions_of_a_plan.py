# SPDX-License-Identifier: Apache-2.0
"""The IAM policy that a plan prints is enough for its run, and harms nothing that did not opt in."""
import json
import tempfile
import unittest

from driving import PASS, ReboundCase

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}
ALONE = {"tags": {"app": "standalone"}}


class Planning(ReboundCase):
    options = ("--size=3", "--standalone=2")

    def experiment_of_all(self):
        return self.experiment(
            self.fault("ec2.stop", duration="500ms", **ALONE),
            self.fault("autoScaling.detach", name="apart", **MEMBERS),
            self.fault("autoScaling.suspendProcesses", name="quiet", duration="500ms", processes=["Launch"]),
            limits={"maxTargets": 3, "minHealthy": 1})


class Printed(Planning):
    @classmethod
    def setUpClass(cls):
        Planning.setUpClass()
        try:
            planning = Planning()
            planning.setUp()
            try:
                manifest = planning.write(planning.experiment_of_all())
                done = planning.rebound("plan", "-f", manifest, "-o", "json", "--local")
                assert done.code == PASS, done
                policy = json.loads(done.output)["iamPolicy"]
            finally:
                planning.doCleanups()
        finally:
            Planning.tearDownClass()
            Planning.doClassCleanups()
        file = tempfile.NamedTemporaryFile("w", suffix=".json")
        cls.addClassCleanup(file.close)
        json.dump(policy, file)
        file.flush()
        cls.options = (*Planning.options, f"--iam={file.name}")
        super().setUpClass()

    def test_it_is_enough_and_no_more(self):
        done = self.run_it(self.experiment_of_all())
        self.assertEqual(done.status["undo"], "clean", done)
        self.assertEqual(len([i for i in done.injections if i["state"] in ("reverted", "completed")]), 3, done)
        self.prove("a run with the permissions that its plan printed, and none besides: done, and undone")


if __name__ == "__main__":
    unittest.main()
