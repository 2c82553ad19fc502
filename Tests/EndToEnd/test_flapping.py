# SPDX-License-Identifier: Apache-2.0
"""An endpoint that flaps: every outage is reported, once, with bounds that hold its true beginning and end."""
import json
import os
import subprocess
import sys
import unittest

from driving import PASS, Driver, ReboundCase, Unbroken

OUTAGES = 20
SEED = int(os.environ.get("REBOUND_TEST_SEED", "20261124"))


class Flapping(ReboundCase):
    options = ("--size=2",)

    def setUp(self):
        super().setUp()
        server = os.path.join(os.path.dirname(__file__), "flapping_server.py")
        with Unbroken():
            self.server = subprocess.Popen([sys.executable, server, str(SEED), str(OUTAGES)],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            Driver.running.add(self.server)
        self.addCleanup(self.end_server)
        self.port = int(self.server.stdout.readline())

    def end_server(self):
        self.server.stdin.close()
        self.server.kill()
        self.server.wait()
        Driver.running.discard(self.server)
        self.server.stdout.close()

    def test_every_outage_is_reported_with_bounds_that_hold_the_truth(self):
        probe = {"name": "flapping", "every": "20ms", "failureThreshold": 1, "successThreshold": 1,
                 "http": {"url": f"http://127.0.0.1:{self.port}/", "timeout": "1s"}}
        driver = self.starting(self.experiment(
            self.fault("autoScaling.suspendProcesses", duration="60s", processes=["AZRebalance"]), probes=[probe]))
        driver.until_said("phase: Holding")
        self.server.stdin.write("go\n")
        self.server.stdin.flush()
        truth = []
        for line in self.server.stdout:
            if line == "over\n":
                break
            truth.append(json.loads(line))
        self.assertEqual(len(truth), OUTAGES)
        # It need not be held any longer: an abort undoes it, and what was measured stays.
        self.rebound("abort", self.run_name(), "--store", self.store, "--reason", "measured enough")
        done = driver.end()
        self.assertEqual(done.status["undo"], "clean", done)
        told = [o for o in done.status["recovery"]["outages"] if o["probe"] == "flapping"]
        self.assertEqual(len(told), OUTAGES, f"seed {SEED}: as many outages as there were")
        widths = []
        for number, (true, outage) in enumerate(zip(truth, sorted(told, key=lambda o: o["start"]["low"]))):
            where = f"seed {SEED}, outage {number + 1}"
            for true_end, told_end in (("closed", "start"), ("opened", "end")):
                low, high = done.bounds(outage[told_end])
                before, after = true[true_end]
                self.assertLessEqual(low, after, f"{where}, {told_end}: {(low - after) / 1e6:.3f} ms too late")
                self.assertGreaterEqual(high, before, f"{where}, {told_end}: {(before - high) / 1e6:.3f} ms too early")
                widths.append((high - low) / 1e6)
            length = (true["opened"][0] - true["closed"][0]) / 1e9
            self.assertLessEqual(outage["duration"]["low"], length, where)
            self.assertGreaterEqual(outage["duration"]["high"], (true["opened"][1] - true["closed"][1]) / 1e9, where)
        report = next(p for p in done.status["recovery"]["probes"] if p["name"] == "flapping")
        self.assertEqual(report["expected"], report["samples"] + report["missed"])
        self.prove(f"flapping (seed {SEED}): {OUTAGES} outages, {OUTAGES} told, all bounds hold the truth; median "
                   f"width {sorted(widths)[len(widths) // 2]:.1f} ms at 20 ms probes, {report['missed']} of "
                   f"{report['expected']} attempts missed")

    def run_name(self):
        return self.rebound("get", "runs", "--store", self.store, "-o", "json").run["items"][0]["metadata"]["name"]


if __name__ == "__main__":
    unittest.main()
