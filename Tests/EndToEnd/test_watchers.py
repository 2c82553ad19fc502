# SPDX-License-Identifier: Apache-2.0
"""The watchers' benchmark, small: over HTTP/2 and HTTP/1.1 every event comes once and in order, whoever sees what."""
import os
import re
import subprocess
import sys
import unittest

from driving import LIFETIME, ROOT, program

MEASURE = os.path.join(ROOT, "Benchmarks", "watchers", "measure.py")


class Watchers(unittest.TestCase):
    def measured(self, mode, **plan):
        options = [word for name, value in plan.items() for word in (f"--{name}", str(value))]
        done = subprocess.run([sys.executable, MEASURE, program("rebound-controller"), mode, *options],
                              capture_output=True, text=True, timeout=LIFETIME)
        events = re.search(r"events: (\d+) of (\d+), .*; wrong: (\d+)", done.stdout)
        self.assertIsNotNone(events, f"{done.stdout}{done.stderr}")
        # How fast a busy machine is, is not what this is about.
        came, expected, wrong = (int(text) for text in events.groups())
        self.assertEqual((came, wrong), (expected, 0), done.stdout)
        return came

    def test_own_and_shared(self):
        own = self.measured("own", watchers=150, plain=20, rate=20, seconds=5)
        self.assertEqual(own, 100)
        shared = self.measured("all", watchers=150, plain=20, rate=4, seconds=5)
        self.assertEqual(shared, 3_000)
        print(f"proved: 150 watches over TLS, 20 of them on HTTP/1.1: {own} events of their own and {shared} shared, "
              "each once and in order", file=sys.stderr, flush=True)


if __name__ == "__main__":
    unittest.main()
