# SPDX-License-Identifier: Apache-2.0
"""A run is aborted in each of its phases, by signals and from a second process: nothing is left in place."""
import unittest

from crashing import CrashCase
from driving import FAIL, INCONCLUSIVE, PASS, SIGINT, SIGTERM, nanoseconds

# The phases of a run in their order; an abort is asked for while the run is in one of them.
ORDER = ("Pending", "Planned", "Baseline", "Injecting", "Holding", "Reverting", "Recovering", "Reporting", "Done")
HELD = ("Holding", "Reverting", "Recovering", "Reporting")


class AbortCase(CrashCase):
    """Each phase is made long enough to be met: by a baseline that must hold, slow answers, a slow stop, a topic that
    does not answer."""
    options = ("--size=2", "--standalone=2")

    def experiment_for(self, phase):
        duration = "60s" if phase in ("Injecting", "Holding", "Reverting") else "1s"
        alone = {"ids": self.about["standalone"], "state": "running", "region": "eu-west-1"}
        state = {"name": "state", "instanceState": alone, "every": "100ms",
                 "failureThreshold": 1, "successThreshold": 1}
        # A run that ends by itself reverts while it holds; one that is stopped reverts in a phase of its own.
        stopped = {"stopWhen": [{"probe": "state", "failingFor": "100ms"}]} if phase == "Reverting" else {}
        return self.experiment(
            self.fault("ec2.stop", duration=duration, tags={"app": "standalone"}), name="abort", **stopped,
            probes=[self.storefront(), state] if stopped else [self.storefront()],
            limits={"maxTargets": 1, "minHealthy": 1},
            baseline={"holdFor": "30s" if phase == "Baseline" else "200ms", "giveUpAfter": "60s"},
            recovery={"stableFor": "30s" if phase == "Recovering" else "300ms", "giveUpAfter": "60s"})

    def slow_down(self, phase):
        if phase == "Injecting":
            self.control("set", latency="0.25")
        if phase == "Reverting":
            self.control("set", ec2_delay="1.5")
        if phase == "Reporting":
            self.control("fail", action="Publish")

    def back_to_speed(self):
        self.control("set", latency="0", ec2_delay="0.1")
        self.control("heal")

    def reach(self, phase):
        """A driver whose run has just entered that phase, and the run's name."""
        self.addCleanup(self.back_to_speed)
        driver = self.starting(self.experiment_for(phase))
        if phase == "Reporting":
            driver.until_said("phase: Recovering")
        self.slow_down(phase)
        driver.until_said(f"phase: {phase}")
        return driver

    def name_of_run(self):
        return self.left_behind()["metadata"]["name"]

    def check_aborted(self, done, phase):
        """Nothing is left in place, asked of the world; and what the run says of its abort."""
        status = done.status
        self.assertEqual(status["phase"], "Done", done)
        asked = nanoseconds(done.run["spec"]["abort"]["at"])
        since = {name: nanoseconds(at) for name, at in status["phaseSince"].items()}
        met = max((name for name in since if since[name] <= asked), key=lambda name: since[name])
        self.assertEqual(met, phase, f"the abort met the run in that phase: {done}")
        for instance in self.about["standalone"]:
            self.eventually(f"{phase}: {instance} runs", lambda i=instance: self.state_of(i) == "running")
            self.eventually(f"{phase}: {instance} serves",
                            lambda i=instance: self.health(i)[i]["State"] == "healthy")
        stopped, started = self.acted_on("StopInstances"), self.acted_on("StartInstances")
        self.assertEqual(stopped, started, "what was stopped was started")
        self.assertEqual(status["undo"], "clean" if stopped else "none", done)
        if phase in ("Planned", "Baseline"):
            self.assertEqual(self.acting_calls(), [], "nothing was touched")
        if phase in HELD:
            self.assertEqual(len(stopped), 1)
        codes = {"Reporting": PASS, "Reverting": FAIL}      # done already; a stop condition was met before
        self.assertEqual(done.code, codes.get(phase, INCONCLUSIVE), done)
        return self.until_arrived(done.name, "planned", "verdict", *(["abort"] if phase != "Reporting" else []))

    def by_signals(self, phase, *numbers):
        self.begin_case()
        driver = self.reach(phase)
        for number in numbers:
            driver.signal(number)
            driver.until_said("undone; please wait|already aborting" if number == numbers[0] else "already aborting")
        self.back_to_speed()
        self.check_aborted(driver.end(), phase)
        self.shown.append(phase)

    def begin_case(self):
        self.begin("case")
        self.store = self.store.replace("case", f"case-{self.begun}")

    def setUp(self):
        super().setUp()
        self.shown = []


class OneInterrupt(AbortCase):
    def test_sigint_in_each_phase(self):
        for phase in ORDER[2:8]:
            with self.subTest(phase):
                self.by_signals(phase, SIGINT)
        self.prove(f"SIGINT in {', '.join(self.shown)}: undone, told, and the right exit code")


class OneTermination(AbortCase):
    def test_sigterm_in_each_phase(self):
        for phase in ORDER[2:8]:
            with self.subTest(phase):
                self.by_signals(phase, SIGTERM)
        self.prove(f"SIGTERM in {', '.join(self.shown)}: undone, told, and the right exit code")


class TwoInterrupts(AbortCase):
    def test_a_second_interrupt_changes_nothing(self):
        for phase in ("Injecting", "Holding", "Reverting", "Recovering"):
            with self.subTest(phase):
                self.by_signals(phase, SIGINT, SIGINT, SIGTERM)
        self.prove(f"SIGINT twice and SIGTERM in {', '.join(self.shown)}: a second one stops no undo")


class FromASecondProcess(AbortCase):
    def abort(self):
        return self.rebound("abort", self.name_of_run(), "--store", self.store, "--reason", "enough", "-o", "json")

    def test_abort_from_a_second_process_in_each_phase(self):
        for phase in ORDER[2:8]:
            with self.subTest(phase):
                self.begin_case()
                driver = self.reach(phase)
                asked = self.abort()
                self.assertEqual(asked.code, PASS, asked)
                self.back_to_speed()
                done = driver.end()
                self.assertEqual(done.run["spec"]["abort"]["reason"], "enough")
                self.check_aborted(done, phase)
                self.shown.append(phase)
        self.prove(f"`rebound abort` in {', '.join(self.shown)}: the driver undoes it")

    def test_abort_of_a_run_that_nobody_drives_undoes_it_itself(self):
        for phase in ("Planned", "Holding"):
            with self.subTest(phase):
                self.begin_case()
                if phase == "Planned":
                    self.die_when_planned()
                else:
                    self.reach(phase).kill()
                asked = self.abort()
                self.assertEqual(asked.code, PASS, asked)
                again = self.resuming(asked.name).end()
                self.assertEqual(again.code, 2, "there is nothing left to resume")
                asked.code = INCONCLUSIVE
                self.check_aborted(asked, phase)
                self.shown.append(phase)
        self.prove(f"`rebound abort` of an orphan in {' and '.join(self.shown)}: undone by that command")

    def die_when_planned(self):
        """Kills drivers at one write after the other until one leaves its run in Planned."""
        manifest = self.write(self.experiment_for("Planned"))
        for number in range(1, 40):
            self.store = f"{self.store}-{number}"
            self.crash_runner(manifest, str(number), "committed").end()
            if self.phase(self.left_behind()) == "Planned":
                return
        self.fail("no write leaves the run planned")


if __name__ == "__main__":
    unittest.main()
