# SPDX-License-Identifier: Apache-2.0
"""The driver is killed at every write of its store, before and after the commit, and another takes the run up."""
import json
import os
import time
import unittest

from crashing import DEREGISTER, CrashCase


class EveryWrite(CrashCase):
    options = ("--size=3",)

    def lives_until_done(self, number, moment):
        """Kills the first life at one write. Returns the finished run and how many writes an undisturbed life makes."""
        self.begun = time.monotonic_ns()
        self.until_whole()
        store = os.path.join(self.work.name, f"{number}-{moment}.db")
        first = self.drive(store, str(number), moment)
        if first.returncode == 0:
            return json.loads(first.stdout), False
        self.assertEqual(first.returncode, -9, first.stderr)
        second = self.drive(store)
        self.assertEqual(second.returncode, 0, f"write {number} {moment}: {second.stderr}")
        return json.loads(second.stdout), True

    def every_write(self, moment):
        number = 1
        while True:
            done, died = self.lives_until_done(number, moment)
            where = f"killed at write {number}, {moment}"
            self.check(done, where)
            self.check_targets(done, where)
            if not died:
                break
            number += 1
        self.assertGreater(number, 20, "a run writes more often than that")
        print(f"{type(self).__name__}: {number - 1} writes, killed at each ({moment})")

    def check_targets(self, done, where):
        chosen = done["status"]["plan"]["steps"][0]["target"]["id"]
        acted = self.acted("TerminateInstances")
        self.assertEqual(set(acted), {chosen}, f"{where}: only the chosen one was terminated")
        killed = [event["instance"] for event in self.truth("kill")]
        self.assertEqual(killed, [chosen], f"{where}: one server died")

    def test_before_the_commit(self):
        self.every_write("aboutToCommit")

    def test_after_the_commit(self):
        self.every_write("committed")


class EveryWriteOfAnUndoneFault(EveryWrite):
    faults = DEREGISTER

    def check_targets(self, done, where):
        chosen = done["status"]["plan"]["steps"][0]["target"]["id"]
        self.assertEqual(set(self.acted("DeregisterTargets")), {chosen}, f"{where}: only the chosen one was taken out")
        self.assertIn(chosen, self.health(), f"{where}: it is registered again")
        self.assertEqual(done["status"]["undo"], "clean", where)


if __name__ == "__main__":
    unittest.main()
