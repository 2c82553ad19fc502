# SPDX-License-Identifier: Apache-2.0
"""Runs change hands: from a dead driver to the controller, from one controller to the next, from a frozen one."""
import time
import unittest

from crashing import CrashCase
from driving import LIFETIME, PASS, SIGCONT, SIGSTOP, SIGTERM

ALONE = {"tags": {"app": "standalone"}}


class TakingOver(CrashCase):
    options = ("--size=2", "--standalone=2")

    def held(self, duration):
        """A driver that holds a stopped instance, and the run's name."""
        driver = self.starting(self.experiment(
            self.fault("ec2.stop", duration=duration, **ALONE), probes=[self.storefront()]))
        driver.until_said("phase: Holding")
        return driver, self.left_behind()["metadata"]["name"]

    def until(self, holds, what):
        deadline = time.monotonic() + LIFETIME
        while not holds():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)

    def controller(self):
        controller = self.start("--store", self.store, command="rebound-controller")
        controller.until_said("controller started")
        return controller

    def check_undone(self, run):
        self.assertEqual((run["status"]["undo"], run["status"]["verdict"] in ("pass", "inconclusive")), ("clean", True))
        self.assertEqual(len(self.acting_calls("StopInstances")), 1, "stopped once")
        self.assertEqual(len(self.acting_calls("StartInstances")), 1, "started once")
        self.assertEqual(self.acted_on("StopInstances"), self.acted_on("StartInstances"))
        for instance in self.about["standalone"]:
            self.eventually(f"{instance} runs", lambda i=instance: self.state_of(i) == "running")
        self.until_arrived(run["metadata"]["name"], "planned", "aboutToInject", "injected", "verdict")

    def test_the_controller_finishes_what_a_dead_driver_left(self):
        driver, _ = self.held("1s")
        driver.kill()
        controller = self.controller()
        self.until(lambda: self.phase(self.left_behind()) == "Done", "the controller finishes the run")
        controller.signal(SIGTERM)
        self.assertEqual(controller.end().code, PASS)
        self.check_undone(self.left_behind())
        self.prove("a run whose driver died is finished and undone by rebound-controller")

    def test_a_controller_that_is_told_to_end_aborts_nothing_and_the_next_goes_on(self):
        driver, _ = self.held("60s")
        driver.kill()
        first = self.controller()
        first.signal(SIGTERM)
        self.assertEqual(first.end().code, PASS)
        left = self.left_behind()
        self.assertEqual(self.phase(left), "Holding", "nothing was aborted")
        self.assertEqual(self.acting_calls("StartInstances"), [])
        second = self.controller()
        asked = self.rebound("abort", left["metadata"]["name"], "--store", self.store, "--reason", "enough")
        self.assertEqual(asked.code, PASS, asked)
        self.until(lambda: self.phase(self.left_behind()) == "Done", "the second controller finishes the run")
        second.signal(SIGTERM)
        self.assertEqual(second.end().code, PASS)
        self.check_undone(self.left_behind())
        self.prove("a controller that ends leaves its run where it is; the next takes it up, and an abort reaches it")

    def test_a_frozen_driver_that_wakes_after_its_lease_ran_out_does_nothing_more(self):
        driver, name = self.held("2s")
        self.addCleanup(driver.signal, SIGCONT)
        driver.signal(SIGSTOP)
        self.until(lambda: "another process drives" not in self.take_up(name), "the lease runs out")
        self.assertEqual(self.taken.code in (0, 3), True, self.taken)
        calls = len(self.acting_calls())
        driver.signal(SIGCONT)
        woken = driver.end()
        self.assertEqual(len(self.acting_calls()), calls, f"the woken driver did nothing more: {woken}")
        self.check_undone(self.left_behind())
        self.prove(
            f"a frozen driver lost its lease; another finished the run; woken, it acted no more (exit {woken.code})")

    def take_up(self, name):
        self.taken = self.resuming(name).end()
        return self.taken.said


if __name__ == "__main__":
    unittest.main()
