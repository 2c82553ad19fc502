# SPDX-License-Identifier: Apache-2.0
"""A hundred SIGKILLs at random moments, over both kinds of fault: every run is finished by later lives, and right."""
import os
import random
import subprocess
import time
import unittest

from crashing import CrashCase

SEED = int(os.environ.get("REBOUND_TEST_SEED", "4711"))


class RandomKills(CrashCase):
    options = ("--size=3",)
    kills = 50

    def test_random_kills(self):
        chance, killed, runs = random.Random(SEED), 0, 0
        while killed < self.kills:
            runs += 1
            killed += self.one_run(chance, f"seed {SEED}, run {runs}", self.kills - killed)
        self.prove(f"{killed} kills at random moments (seed {SEED}) over {runs} runs with {self.call}: the chosen one "
                   "and no other, once, undone, every report under one id")

    def one_run(self, chance, where, left):
        """Kills one life after the other until the run is done or the kills are used up. Returns how many."""
        manifest, killed, name = self.begin(f"run-{time.monotonic_ns()}"), 0, None
        while True:
            driver = self.starting(manifest) if name is None else self.resuming(name)
            if killed < left:
                try:
                    driver.process.wait(chance.uniform(0, 2))      # the random moment itself
                except subprocess.TimeoutExpired:
                    driver.kill()
                    killed += 1
                    run = self.left_behind()
                    name = run and run["metadata"]["name"]
                    if self.phase(run) != "Done":
                        continue
                    done = self.rebound("get", "runs", name, "--store", self.store, "-o", "json")
                    break
            done = driver.end()
            break
        calls = self.check(done, f"{where}, {killed} kills")
        self.assertEqual(len(calls), 1, f"{where}: {self.call} was made once")
        return killed


class RandomKillsOfAnUndoneFault(RandomKills):
    call = "DeregisterTargets"


if __name__ == "__main__":
    unittest.main()
