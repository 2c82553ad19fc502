# SPDX-License-Identifier: Apache-2.0
"""The topic is down for longer than the process lives: its reports are kept, and delivered by a later one, in order."""
import time
import unittest

from driving import LIFETIME, PASS, SIGTERM, ReboundCase

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}


class TopicDown(ReboundCase):
    options = ("--size=3",)

    def orphaned_reports(self):
        """A run that ended while the topic refused everything."""
        self.control("fail", action="Publish", status=503, code="ServiceUnavailable")
        self.addCleanup(self.control, "heal")
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS)), expect=PASS)
        self.assertEqual(self.arrived(done.name), [], "nothing got through")
        self.assertEqual({r["state"] for r in done.status["reports"]}, {"pending"}, done)
        self.assertEqual(len(self.truth("kill")), 1, "a topic that is not required holds up nothing")
        self.control("heal")
        return done

    def check_delivered(self, done):
        events = ["planned", "aboutToInject", "injected", "recovered", "verdict"]
        self.until_arrived(done.name, *events)
        taken = [message for _, _, status, message in self.published(done.name) if status == 200]
        self.assertEqual([m["event"] for m in taken], events, "in the order of the run, each taken once")
        sequences = [m["sequence"] for m in taken]
        self.assertEqual(sequences, sorted(sequences))
        self.assertEqual({m["id"] for m in taken} | {r["id"].rsplit("/", 1)[0] for r in done.status["reports"]},
                         {m["id"] for m in taken}, "the ids that the run had told")

    def until(self, holds, what):
        deadline = time.monotonic() + LIFETIME
        while not holds():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)

    def verdict_arrived(self, done):
        return bool(self.arrived(done.name, "verdict"))

    def test_the_controller_delivers_what_a_run_left(self):
        done = self.orphaned_reports()
        controller = self.start("--store", self.store, command="rebound-controller")
        self.until(lambda: self.verdict_arrived(done), "the controller delivers the last report")
        controller.signal(SIGTERM)
        self.assertEqual(controller.end().code, PASS)
        self.check_delivered(done)
        self.prove("topic down for the whole life of a run: rebound-controller delivered all five in order, once each")

    def test_a_later_run_on_the_same_store_delivers_what_an_earlier_one_left(self):
        done = self.orphaned_reports()
        later = self.starting(self.experiment(
            self.fault("autoScaling.suspendProcesses", duration="2m", processes=["AZRebalance"]), name="later"))
        later.until_said("phase: Holding")
        self.until(lambda: self.verdict_arrived(done), "the later run delivers the last report")
        later.signal(SIGTERM)
        self.assertEqual(later.end().status["undo"], "clean")
        self.check_delivered(done)
        self.prove("topic down for the whole life of a run: the next run delivered all five in order, once each")


if __name__ == "__main__":
    unittest.main()
