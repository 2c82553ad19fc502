# SPDX-License-Identifier: Apache-2.0
"""`rebound-controller serve` is killed again and again while fifty runs are under way, somebody writes and somebody
watches: at its first write, its second, its n-th, before and after the commit, at each kind of write; at any moment.

    REBOUND_TEST_LIVES=200 Tests/EndToEnd/run test_crash_under_load    a longer one; 0: to the end of the runs
    REBOUND_TEST_HOLD=60s                                              faults that are held longer, for a long one
    REBOUND_TEST_SEED=N                                                the moments of an earlier one
"""
import collections
import os
import random
import re
import subprocess
import threading
import time
import unittest

from campaign import CampaignCase
from driving import LIFETIME, SIGKILL

SEED = int(os.environ.get("REBOUND_TEST_SEED", "4711"))
LIVES = int(os.environ.get("REBOUND_TEST_LIVES", "-1"))
# What the life of a run and its neighbours write. A reservation is released only by an injection that never acted;
# `upkeep`, `delete` and credentials are rarer than a campaign is long.
KINDS_OF_WRITES = ("create", "update", "updateStatus", "reserve", "finish", "enqueue", "updateOutbox",
                   "append", "acquireLease", "record")
MOMENTS = ("aboutToCommit", "committed")
# The writes since its start at which a life ends, each before and after its commit: all of the first, then further and
# further apart, up to what a life writes in the seconds that it has. A campaign without an end takes each.
NUMBERS = range(1, 200) if LIVES == 0 else [*range(1, 6), *sorted({int(6 * 1.3 ** n) for n in range(13)})]


class Lives(CampaignCase):
    """What campaigns do; they differ in when a controller dies. `usual` is how many lives `make test` gives it."""
    usual = 0

    def setUp(self):
        super().setUp()
        self.chance, self.deaths, self.places = random.Random(SEED), [], collections.Counter()

    def is_over(self):
        left = self.left()
        return not self.is_beginning() and left and set(left.values()) == {"Done"}

    def is_beginning(self):
        return any(thread.is_alive() for thread in self.beginning)

    def is_missing_something(self, lives):
        """Whether the campaign has not shown yet what it is to show, and is to go on beyond its lives."""
        return False

    def campaign(self):
        """Kills so many controllers, and lets one more finish and be judged."""
        lives = self.usual if LIVES < 0 else LIVES
        first, _ = self.serving()
        self.declare_all()
        first.signal(SIGKILL)
        first.end()
        self.beginning = [threading.Thread(target=self.begin_all, args=(n, 5), daemon=True) for n in range(5)]
        for thread in self.beginning:
            thread.start()
        self.lives = 0
        while self.lives < lives or ((not lives or self.is_missing_something(lives)) and not self.is_over()):
            self.lives += 1
            self.one()
        self.before_the_last()
        last = self.life()
        for thread in self.beginning:
            thread.join(LIFETIME)
        self.assertFalse(self.is_beginning(), "every run was begun")
        for run in self.runs():
            self.until_phase(run, "Done")
        said = [self.check_all(self.deaths), self.check_watchers()]
        self.check_world()
        self.stopped(last)
        self.check_store()
        return "; ".join(said)

    def before_the_last(self):
        """What is still alive goes."""

    def life(self, waits=True, **environment):
        if self.deaths:
            self.deaths[-1] = (self.deaths[-1][0], time.monotonic_ns(), self.deaths[-1][2])
        return super().life(waits, **environment)

    def died(self, driver):
        """Notes a death; `driver` is gone."""
        now = time.monotonic_ns()
        done = driver.end()
        self.assertEqual(done.code, -9, done)
        self.deaths.append((now, None, self.left()))
        return done


class KilledAtWrites(Lives):
    """Every third life dies at the next write number, the others at a kind of write that none has died at yet."""
    serves, usual = "crash-runner", 44
    hold = os.environ.get("REBOUND_TEST_HOLD", "8s")    # so that there are writes of each kind until all were died at

    def setUp(self):
        super().setUp()
        self.tried = {}         # in which life each kind of write was waited for the last time

    def missing(self):
        return [(o, m) for o in KINDS_OF_WRITES for m in MOMENTS if not self.places[o, m]]

    def is_missing_something(self, lives):
        return self.missing() and self.lives < 3 * lives

    def one(self):
        missing, patience = self.missing(), 3
        turn = (self.lives + 2) // 3
        fate = f"{NUMBERS[(turn - 1) // 2 % len(NUMBERS)]}:{MOMENTS[turn % 2]}"
        if self.lives % 3 != 1 and missing:
            operation, moment = each = min(missing, key=lambda each: self.tried.get(each, 0))
            self.tried[each] = self.lives
            fate, patience = f"{operation}:{self.chance.randint(1, 2)}:{moment}", 8
        driver = self.life(REBOUND_TEST_KILL_AT=fate)
        try:
            driver.process.wait(patience)
        except subprocess.TimeoutExpired:       # such a write does not come, for now
            driver.signal(SIGKILL)
        done = self.died(driver)
        found = re.search(r"died at write (\d+) (\w+) (\w+)", done.said)
        if found:
            self.places[found.group(2), found.group(3)] += 1

    def test_it_is_killed_at_its_writes(self):
        said = self.campaign()
        missing = self.missing()
        phases = sorted({phase for _, _, left in self.deaths for phase in left.values()})
        self.prove(f"{self.lives} lives (seed {SEED}), {sum(self.places.values())} of them ended in a write: "
                   f"{ {f'{o} {m}': n for (o, m), n in sorted(self.places.items())} }, not: {missing}; with runs in "
                   f"{phases}; {said}")
        self.assertEqual(missing, [], "each kind of write was died at, before its commit and after it")


class KilledAtAnyMoment(Lives):
    """SIGKILL from outside, a random while after the controller was started, with its start included."""
    serves, usual = "rebound-controller", 24

    def one(self):
        driver = self.life(waits=self.chance.random() < 0.8)        # or in the middle of its start
        time.sleep(self.chance.uniform(0, 2.5))             # the random moment itself
        driver.signal(SIGKILL)
        self.died(driver)

    def test_it_is_killed_at_any_moment(self):
        said = self.campaign()
        phases = sorted({phase for _, _, left in self.deaths for phase in left.values()})
        self.prove(f"{self.lives} kills at random moments (seed {SEED}), with runs in {phases}; {said}")


class TwoOnOneStore(Lives):
    """Two controllers by mistake, each with a port of its own. One is killed at a random moment and started again while
    the other goes on, which takes over what it drove."""
    serves, usual = "rebound-controller", 8

    def setUp(self):
        super().setUp()
        self.pair, self.said = [], []

    def one(self):
        while len(self.pair) < 2:
            self.pair.append(self.life())
        time.sleep(self.chance.uniform(0, 3))               # the random moment itself
        self.kill(self.pair.pop(self.chance.randrange(2)))
        self.caller.port = self.pair[0].port

    def kill(self, driver):
        driver.signal(SIGKILL)
        self.said.append(driver.end().said)

    def is_over(self):
        """By the API: a store that is written is not copied."""
        return not self.is_beginning() and {
            r.get("status", {}).get("phase") for r in self.runs().values()} == {"Done"}

    def before_the_last(self):
        while self.pair:
            self.kill(self.pair.pop())

    def test_two_at_once_do_nothing_twice(self):
        said = self.campaign()
        warned = [s for s in self.said if "another controller works on the same store" in s]
        elsewhere = [s for s in self.said if "a run is driven by another controller" in s]
        self.assertGreaterEqual(min(len(warned), len(elsewhere)), 1, "they say what they found")
        for line in re.findall(r".*another controller works on the same store.*", warned[0]):
            self.assertRegex(line, r"other=.*process \d+.*|hint=.*Stop one of them")
        self.prove(f"two controllers on one store, {self.lives} kills of one of them (seed {SEED}); {len(warned)} said "
                   f"that there is another; {said}")


if __name__ == "__main__":
    unittest.main()
