# SPDX-License-Identifier: Apache-2.0
"""What the crash tests share: an experiment that is over quickly, and what must hold whenever its driver died."""
import os
import time

from driving import INCONCLUSIVE, PASS, Driver, ReboundCase, program

WATCHING = ("Injecting", "Holding", "Reverting", "Recovering")


class CrashCase(ReboundCase):
    """One driver after the other on one store, until the run is done. `fault_under_test` says what it does."""
    call, undo_call = "TerminateInstances", None

    def fault_under_test(self):
        if self.call == "TerminateInstances":
            return self.fault("ec2.terminate", autoScalingGroup="web", tags={"app": "web"})
        return self.fault("elb.deregister", duration="1s", targetGroup="web", autoScalingGroup="web",
                          tags={"app": "web"})

    def begin(self, name):
        """A fresh store and a whole fleet; what happens from now on belongs to this case."""
        self.until_whole()
        self.begun = time.monotonic_ns()
        self.store = os.path.join(self.work.name, f"{name}.db")
        return self.write(self.experiment(
            self.fault_under_test(), name="crash", probes=[self.storefront()],
            limits={"maxTargets": 1, "minHealthy": 1},
            baseline={"holdFor": "100ms", "giveUpAfter": "60s"}, recovery={"stableFor": "200ms", "giveUpAfter": "60s"}))

    def crash_runner(self, manifest, *more, endpoint=None):
        driver = Driver([program("crash-runner"), manifest, self.store, *more], self.environment(endpoint))
        self.addCleanup(driver.kill)
        return driver

    def left_behind(self):
        """The run as the dead driver left it; None when it had not come so far."""
        if not os.path.exists(self.store):
            return None
        listed = self.rebound("get", "runs", "--store", self.store, "-o", "json")
        self.assertEqual(listed.code, 0, listed)
        self.assertLessEqual(len(listed.run["items"]), 1, "one run")
        return listed.run["items"][0] if listed.run["items"] else None

    def phase(self, run):
        return (run or {}).get("status", {}).get("phase", "Pending")

    def check(self, done, where, died=None, resumed=None, phase=None):
        """What must hold of the finished run, asked of the world. `died` and `resumed` are instants."""
        status = done.status
        self.assertIn(done.code, (PASS, INCONCLUSIVE), f"{where}: {done}")
        self.assertEqual(status["phase"], "Done", where)
        self.assertIn(status["verdict"], ("pass", "inconclusive"), f"{where}: {status['verdictReasons']}")
        chosen = status["plan"]["steps"][0]["target"]["id"]
        calls = self.acting_calls(self.call)
        self.assertEqual([self.named(c) for c in calls][:1], [{chosen}], f"{where}: the chosen one was acted on")
        self.assertEqual(set().union(*map(self.named, calls)), {chosen}, f"{where}: and no other")
        self.assertEqual({i for c in self.acting_calls("CreateTags") for i in self.named(c)}, {chosen}, where)
        if self.call == "TerminateInstances":
            self.assertEqual([e["instance"] for e in self.truth("kill")], [chosen], f"{where}: one server died")
            self.assertEqual(status["undo"], "none", where)
        else:
            self.assertEqual(self.truth("kill"), [], f"{where}: nobody died")
            self.assertIn(chosen, self.health(), f"{where}: it is registered again")
            self.assertEqual(status["undo"], "clean", f"{where}: {done}")
        if phase in WATCHING:
            gaps = [done.bounds({"low": g["start"], "high": g["end"]}) for g in status["recovery"]["gaps"]]
            self.assertTrue([g for g in gaps if g[0] <= died and g[1] >= resumed],
                            f"{where} ({phase}): the gap from {died} to {resumed} is told: {gaps}")
        self.until_arrived(done.name, "planned", "aboutToInject", "injected", "verdict")
        return calls
