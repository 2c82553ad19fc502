# SPDX-License-Identifier: Apache-2.0
"""The experiments in deploy/experiments plan on a group of six and two machines outside of it, as their pages say."""
import glob
import os
import unittest

from driving import PASS, ROOT, ReboundCase

# Whom each takes of the six, or of the two that no group replaces; the group itself counts as one.
TAKES = {
    "lose-one": 1, "lose-one-gracefully": 1, "lose-the-oldest": 1, "lose-a-third": 2, "lose-a-zone": 2,
    "rolling-loss": 3, "stop-and-return": 1, "lose-a-dependency": 2, "reboot-one": 1, "rolling-reboot": 2,
    "deregister-a-target": 1, "drain-half-the-targets": 3, "flapping-target": 2, "no-launches": 2,
    "no-health-checks": 2, "launched-but-not-used": 2, "detach-one": 1, "one-less": 1, "chaos-monkey": 1}


class Recipes(ReboundCase):
    options = ("--size=6", "--standalone=2")

    def test_every_recipe_plans(self):
        paths = sorted(glob.glob(os.path.join(ROOT, "deploy", "experiments", "*.yaml")))
        self.assertEqual({os.path.basename(path)[:-5] for path in paths}, set(TAKES))
        for path in paths:
            name = os.path.basename(path)[:-5]
            with self.subTest(name), open(path) as file:
                # The fleet's machines outside of the group have another name for what they are.
                manifest = self.write_text(file.read().replace("app: worker", "app: standalone"))
                done = self.rebound("plan", "-f", manifest, "--store", self.store, "-o", "json")
                self.assertEqual(done.code, PASS, done)
                targets = [step["target"]["id"] for step in done.run["plan"]["steps"]]
                self.assertEqual(len(targets), TAKES[name], targets)
                self.assertEqual(len(set(targets)), len(targets), "nobody twice")
        self.assertEqual(self.acting_calls(), [])
        self.prove(f"{len(paths)} recipes plan: each takes as many as its page says, and no call acts")

    def test_the_starter_plans_and_is_never_overwritten(self):
        path = os.path.join(self.work.name, "mine.yaml")
        self.assertEqual(self.rebound("init", path, "--region", "eu-west-1", "--group", "web").code, PASS)
        done = self.rebound("plan", "-f", path, "--store", self.store, "-o", "json")
        self.assertEqual(done.code, PASS, done)
        self.assertEqual(len(done.run["plan"]["steps"]), 1)
        with open(path, "a") as file:
            file.write("# mine\n")
        self.assertEqual(self.rebound("init", path).code, 2)
        with open(path) as file:
            self.assertTrue(file.read().endswith("# mine\n"))

    def write_text(self, text):
        path = os.path.join(self.work.name, "recipe.yaml")
        with open(path, "w") as file:
            file.write(text)
        return path


if __name__ == "__main__":
    unittest.main()
