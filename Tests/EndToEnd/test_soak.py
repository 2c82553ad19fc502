# SPDX-License-Identifier: Apache-2.0
"""Months of a controller's life at once: nothing but its audit may grow. `make soak` for an hour, or SOAK_SECONDS; by
itself a minute, which shows that every part goes on, and nothing of what grows slowly."""
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from driving import Driver, program
from soaking import BOUNDS, breaches, look

SECONDS = int(os.environ.get("SOAK_SECONDS", "60"))
# Before this a process is still filling its caches, and its memory and its store grow for that alone.
JUDGED_FROM = 600
FACTOR = 10_000         # an hour is 417 days
LOOKS = 90
# A slow disk would make it a soak of the disk: what is written is the same, and what grows grows.
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
SHOWN = ("memoryMiB", "restMiB", "fileMiB", "logMiB", "files", "threads", "resources", "changes", "auditRecords")


class Soak:
    """The program soak-runner over a store of its own, and what it says of itself."""

    def __init__(self, folder):
        self.store, self.progress = os.path.join(folder, "store.db"), []
        self.process = subprocess.Popen(
            [program("soak-runner"), folder, str(FACTOR)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        Driver.running.add(self.process)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self.progress.append(json.loads(line))

    def sample(self, seconds):
        """Looks at even distances; raises when the program ends."""
        samples, begun = [], time.monotonic()
        for number in range(1, LOOKS + 1):
            time.sleep(max(0, begun + seconds * number / LOOKS - time.monotonic()))
            if self.process.poll() is not None:
                raise AssertionError(f"soak-runner ended by itself with {self.process.returncode}")
            if os.path.exists(self.store) and self.progress:
                samples.append({**look(self.process.pid, self.store), **self.progress[-1]})
                keep(samples[-1])
                if "SOAK_SECONDS" in os.environ and number % 3 == 0:
                    print(describe(samples[-1]), file=sys.stderr, flush=True)
        return samples

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.reader.join(60)
        Driver.running.discard(self.process)
        self.process.stdout.close()
        return self.process.wait()


def keep(sample):
    """Adds a line of JSON to $SOAK_SAMPLES, for whoever wants to look again."""
    if "SOAK_SAMPLES" in os.environ:
        with open(os.environ["SOAK_SAMPLES"], "a") as file:
            file.write(json.dumps(sample) + "\n")


def describe(sample):
    return f"{sample['calendarSeconds'] / 86_400:.0f} days, {sample['runsEnded']} runs: " + ", ".join(
        f"{name} {sample[name]:.1f}" for name in SHOWN)


class Months(unittest.TestCase):
    def test_nothing_but_the_audit_grows(self):
        with tempfile.TemporaryDirectory(prefix="rebound-soak-", dir=PLACE) as folder:
            soak = Soak(folder)
            try:
                samples = soak.sample(SECONDS)
            finally:
                code = soak.end()
            self.assertEqual(code, 0, "told to end, it ended in order")
        self.check_life(samples)
        if SECONDS < JUDGED_FROM:
            return
        self.assertEqual(breaches(samples), [], "\n".join(describe(s) for s in samples[::10]))
        first, last = samples[len(samples) // 3], samples[-1]
        print(f"proved: {last['calendarSeconds'] / 86_400:.0f} simulated days in {SECONDS} s: "
              f"{last['runsEnded']} runs, {last['runsRemoved']} retired, {last['reports']} reports, "
              f"{last['events']} watch events, {last['watchesOpened']} watches; from a third on, "
              f"memory {first['memoryMiB']:.0f} -> {last['memoryMiB']:.0f} MiB, store without audit "
              f"{first['restMiB']:.1f} -> {last['restMiB']:.1f} MiB, files {first['files']} -> {last['files']}, "
              f"audit {last['auditRecords']} records", file=sys.stderr, flush=True)

    def check_life(self, samples):
        """A process that does nothing stays small, too: all of it must have gone on to the end."""
        middle, last = samples[len(samples) // 2], samples[-1]
        going = ["reports", "events", "watchesOpened", "auditRecords", "runsEnded", "clean", "runsRemoved"]
        for name in going:
            self.assertLess(middle[name], last[name], f"{name} goes on from the middle to the end: {middle} {last}")
        self.assertEqual(last["dirty"], 0)
        # Two schedules of a team may choose the same instance, and then one of them is refused.
        self.assertGreater(last["clean"], last["runsEnded"] * 0.3, last)
        self.assertGreater(last["runsEnded"], SECONDS / 60, last)


class Judging(unittest.TestCase):
    """The judge itself: noise is no growth, and what is to be found is found."""

    @staticmethod
    def samples(**grown):
        chance = random.Random(4711)
        return [{bound.name: 100 + chance.uniform(-5, 5) + grown.get(bound.name, 0) * i / LOOKS for bound in BOUNDS}
                for i in range(LOOKS)]

    def test_noise_is_no_growth(self):
        self.assertEqual(breaches(self.samples()), [])

    def test_each_growth_is_found(self):
        for bound in BOUNDS:
            found = breaches(self.samples(**{bound.name: 120}))
            self.assertEqual([f.split()[0] for f in found], [bound.name])


if __name__ == "__main__":
    unittest.main()
