# SPDX-License-Identifier: Apache-2.0
"""Programs end as they say they do: many short ones, none of which crashes on its way out.

What runs when a process ends (handlers of exit, libraries that free their state) meets threads that still live. Such a
crash is rare and comes after the work is done, so it takes many lives to see one. $REBOUND_TEST_LIVES asks for more."""
import concurrent.futures
import os
import signal
import unittest

from driving import ERROR, FAIL, INCONCLUSIVE, PASS, Driver, ReboundCase, program

VERDICTS = {"pass": PASS, "fail": FAIL, "inconclusive": INCONCLUSIVE, "error": ERROR}
LIVES = int(os.environ.get("REBOUND_TEST_LIVES", "12"))


class ManyShortLives(ReboundCase):
    options = ("--size=2", "--standalone=1")

    def setUp(self):
        super().setUp()
        spec = self.experiment(
            self.fault("ec2.reboot", tags={"app": "standalone"}), name="short", probes=[self.storefront()],
            baseline={"holdFor": "0s", "giveUpAfter": "20s"}, limits={"maxTargets": 1, "minHealthy": 0},
            recovery={"stableFor": "1ms", "giveUpAfter": "1s"})
        self.manifest = self.write(spec)

    def lives(self, number):
        """The commands of one life, on a store of its own."""
        store = os.path.join(self.work.name, f"{number}.db")
        yield "rebound", ["version"]
        yield "rebound", ["plan", "-f", self.manifest, "--store", store, "-o", "json"]
        yield "rebound", ["run", "-f", self.manifest, "--store", store, "-o", "json"]
        yield "rebound", ["get", "runs", "--store", store, "-o", "json"]
        yield "crash-runner", [self.manifest, store]

    def live(self, number):
        for command, arguments in self.lives(number):
            done = Driver([program(command), *arguments], self.environment()).end()
            wanted = self.wanted(arguments[0], done)
            name = signal.Signals(-done.code).name if done.code < 0 else done.code
            self.assertEqual(done.code, wanted, f"life {number}: {command} {arguments[0]} ended with {name}\n{done}")
        return number

    @staticmethod
    def wanted(command, done):
        """So short a run may be too short to tell, and any may meet another's reboot: the code is the answer's."""
        if command == "run" and done.run:
            return VERDICTS[done.status["verdict"]]
        if command == "plan" and done.run:
            return PASS if all(guard["passed"] for guard in done.run["plan"]["guards"]) else FAIL
        return PASS

    def test_none_of_many_crashes_on_its_way_out(self):
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            ended = list(pool.map(self.live, range(LIVES)))
        self.assertEqual(len(ended), LIVES)
        self.prove(f"{LIVES * 5} processes, every one ended with the exit code of its work")


if __name__ == "__main__":
    unittest.main()
