# SPDX-License-Identifier: Apache-2.0
"""Verdicts and exit codes, each from a world that really is so."""
import json
import os
import tempfile
import time
import unittest

from driving import ERROR, FAIL, INCONCLUSIVE, PASS, SIGKILL, UNDO_FAILED, USAGE, Driver, ReboundCase, program

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}
ALONE = {"tags": {"app": "standalone"}}
EVERYTHING = ["ec2:*", "autoscaling:*", "elasticloadbalancing:*", "sns:*", "sts:*", "cloudwatch:*"]


class Verdicts(ReboundCase):
    options = ("--size=3", "--standalone=1")

    def nothing_was_done(self, done):
        self.assertEqual(self.acting_calls(), [], "no call changed anything")
        self.assertEqual(self.truth("kill", "asg_request", "detached", "deregistered"), [])
        for injection in done.injections if done.run else []:
            self.assertIn(injection["state"], ("pending", "refused"))

    def test_a_missed_objective_fails(self):
        objective = {"timeToRecover": "1ms"}
        recovery = {"stableFor": "300ms", "giveUpAfter": "60s", "objective": objective}
        probes = [self.storefront(), self.capacity(), self.healthy_targets(4)]
        done = self.run_it(
            self.experiment(self.fault("ec2.terminate", **MEMBERS), recovery=recovery, probes=probes), expect=FAIL)
        self.assertEqual((done.status["verdict"], done.status["recovery"]["recovered"]), ("fail", True))
        self.assertGreater(done.status["recovery"]["timeToRecover"]["low"], 0.001, "surely missed")
        self.prove("1: it recovered, later than the objective, and that is a fail")

    def test_an_objective_that_is_met_passes(self):
        # This fleet is whole again too soon for the twenty attempts that an availability needs.
        objective = {"timeToRecover": "60s", "timeToDetect": "60s", "downtime": "60s"}
        recovery = {"stableFor": "300ms", "giveUpAfter": "60s", "objective": objective}
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS), recovery=recovery), expect=PASS)
        self.assertEqual(done.status["verdict"], "inconclusive" if done.starved else "pass", done)
        self.prove("0: an objective that is met by the worse bounds passes")

    def test_a_steady_state_that_fails_before_is_inconclusive_and_harms_nobody(self):
        probe = self.storefront()
        probe["http"]["status"] = 418
        done = self.run_it(
            self.experiment(self.fault("ec2.terminate", **MEMBERS), probes=[probe],
                            baseline={"holdFor": "200ms", "giveUpAfter": "1s"}), expect=INCONCLUSIVE)
        self.nothing_was_done(done)
        self.assertNotIn("aboutToInject", [m["event"] for m in self.until_arrived(done.name, "verdict")])
        self.prove("3: a steady state that does not hold before: nothing was injected")

    def test_a_closed_gate_is_inconclusive_and_harms_nobody(self):
        freeze = os.path.join(self.work.name, "freeze")
        gates = [{"name": "no-freeze", "file": {"path": freeze, "must": "notExist"}}]
        experiment = self.experiment(self.fault("ec2.terminate", **MEMBERS), gates=gates)
        open(freeze, "w").close()
        done = self.run_it(experiment, expect=INCONCLUSIVE)
        self.nothing_was_done(done)
        self.assertIn("gateClosed", done.status["verdictReasons"][0])
        os.unlink(freeze)
        self.run_it(experiment, expect=PASS)
        self.assertEqual(len(self.truth("kill")), 1)
        self.prove("3: a closed gate: nothing was injected; the same run goes ahead when it is open")

    def test_a_group_that_never_replaces_fails_and_says_for_how_long(self):
        self.control("set", never="true")
        self.addCleanup(self.until_whole)
        self.addCleanup(self.control, "set", never="false")
        done = self.run_it(
            self.experiment(self.fault("ec2.terminate", **MEMBERS),
                            recovery={"stableFor": "300ms", "giveUpAfter": "3s"}), expect=FAIL)
        recovery = done.status["recovery"]
        self.assertIs(recovery["recovered"], False)
        self.assertNotIn("timeToRecover", recovery, "what did not recover has no time to recover")
        self.assertGreaterEqual(recovery["notRecoveredForSeconds"], 2.9)
        self.assertEqual(self.truth("recovered"), [])
        self.prove("1: a group that never recovers fails, with a censored time")

    def test_throttled_calls_are_made_again_and_act_once(self):
        for action in ("DescribeInstances", "TerminateInstances", "CreateTags", "Publish"):
            self.control("throttle", action=action, times=2)
        self.addCleanup(self.control, "heal")
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS)), expect=PASS)
        self.assertEqual([e["instance"] for e in self.truth("kill")], [done.injections[0]["target"]])
        self.until_arrived(done.name, "planned", "aboutToInject", "injected", "verdict")
        refused = [e for e in self.truth("answered") if e["status"] in (400, 503) and e["code"]]
        self.assertGreaterEqual(len(refused), 8, "the fleet did throttle")
        self.prove("0: throttled eight times, passed, and one server died")

    def test_a_guard_that_refuses_harms_nobody(self):
        limits = {"maxTargets": 1, "minHealthy": 3}
        experiment = self.experiment(self.fault("ec2.terminate", **MEMBERS), limits=limits)
        done = self.run_it(experiment, expect=INCONCLUSIVE)
        self.nothing_was_done(done)
        self.assertIn("minHealthy", " ".join(done.status["verdictReasons"]))
        planned = self.rebound("plan", "-f", self.write(experiment), "--store", self.store, "-o", "json")
        self.assertEqual(planned.code, FAIL, planned)
        refused = [g["name"] for g in planned.run["plan"]["guards"] if not g["passed"]]
        self.assertIn("minHealthy", refused)
        two = self.experiment(self.fault("ec2.terminate", pick={"percent": 70}, **MEMBERS),
                              limits={"maxTargets": 1, "minHealthy": 1})
        self.nothing_was_done(self.run_it(two, expect=INCONCLUSIVE))
        self.prove("3: minHealthy and maxTargets refuse, and nothing was injected")

    def test_the_last_healthy_one_is_never_taken(self):
        everyone = self.experiment(self.fault("ec2.terminate", pick={"all": True}, **MEMBERS),
                                   limits={"maxTargets": 9, "minHealthy": 0})
        self.nothing_was_done(self.run_it(everyone, expect=INCONCLUSIVE))
        self.prove("3: with minHealthy 0 written, the last healthy member is still not taken")

    def test_no_targets_is_explained_filter_by_filter(self):
        alone = self.about["standalone"]
        self.ec2.delete_tags(Resources=alone, Tags=[{"Key": "rebound:opt-in"}])
        self.addCleanup(self.ec2.create_tags, Resources=alone, Tags=[{"Key": "rebound:opt-in", "Value": "true"}])
        self.begun = time.monotonic_ns()   # what the test itself asked of AWS is before this
        experiment = self.experiment(self.fault("ec2.stop", duration="1s", **ALONE))
        done = self.run_it(experiment, expect=INCONCLUSIVE)
        self.nothing_was_done(done)
        selection = done.status["plan"]["selections"][0]
        self.assertEqual((selection["found"], selection["eligible"]), (1, 0))
        self.assertEqual([(f["name"], f["removed"], f["examples"]) for f in selection["filters"]],
                         [("optIn rebound:opt-in=true", 1, alone)])
        self.assertIn("1 by optIn", done.status["verdictReasons"][0])
        self.prove("3: no target: found 1, taken away 1 by optIn, and which")

    def test_an_invalid_manifest_is_refused_with_all_its_problems_at_once(self):
        experiment = self.experiment(self.fault("ec2.terminate", **MEMBERS))
        spec = experiment["spec"]
        del spec["limits"]
        spec["steadyState"][0]["every"] = "20"
        spec["faults"][0]["ec2"]["action"] = "terminat"
        spec["faults"][0]["targets"]["pick"] = {}
        done = self.starting(experiment).end()
        self.assertEqual(done.code, USAGE, done)
        for path in ("spec.limits", "spec.steadyState[0].every", "spec.faults[0].ec2.action", "targets.pick"):
            self.assertIn(path, done.said)
        self.assertIn("terminate", done.said, "with what was probably meant")
        self.assertEqual(self.truth("api"), [], "AWS was not asked anything")
        self.assertFalse(os.path.exists(self.store), "and nothing was kept")
        self.assertEqual(self.rebound("run", "--store", self.store).code, USAGE)
        self.prove("2: four problems in one manifest, all four told, AWS not asked")


class WithPolicy(ReboundCase):
    """The user has exactly the permissions of `statements`."""
    statements = []

    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile("w", suffix=".json")
        cls.addClassCleanup(file.close)
        json.dump({"Version": "2012-10-17", "Statement": cls.statements}, file)
        file.flush()
        cls.options = ("--size=3", "--standalone=2", f"--iam={file.name}")
        super().setUpClass()


class Denied(WithPolicy):
    statements = [{"Effect": "Allow", "Resource": "*", "Action": EVERYTHING},
                  {"Effect": "Deny", "Resource": "*", "Action": "ec2:TerminateInstances"}]

    def test_a_denied_permission_is_an_error_before_anything_is_done(self):
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS)), expect=ERROR)
        self.assertEqual(self.acting_calls(), [], "nothing was done, not even a tag")
        self.assertEqual(self.truth("kill"), [])
        self.assertIn("ec2:TerminateInstances", " ".join(done.status["verdictReasons"]))
        self.assertEqual((done.status["verdict"], done.status["undo"]), ("error", "none"))
        self.prove("4: a permission that is missing is found out beforehand, and named")


class UndoForbidden(WithPolicy):
    statements = [{"Effect": "Allow", "Resource": "*", "Action": EVERYTHING},
                  {"Effect": "Deny", "Resource": "*", "Action": "ec2:StartInstances"}]

    def test_what_could_not_be_undone_is_not_done(self):
        done = self.run_it(self.experiment(self.fault("ec2.stop", duration="1s", **ALONE)), expect=ERROR)
        self.assertEqual(self.acting_calls(), [], "nothing was done, not even a tag")
        self.assertIn("ec2:StartInstances", " ".join(done.status["verdictReasons"]))
        self.prove("4: an undo that is not allowed is found out beforehand, and nothing is harmed")


class UndoDenied(ReboundCase):
    options = ("--size=3", "--standalone=2")

    def crash_runner(self, manifest, *more):
        driver = Driver([program("crash-runner"), manifest, self.store, *more],
                        self.environment(REBOUND_TEST_REVERT_DEADLINE_MILLISECONDS="500"))
        self.addCleanup(driver.kill)
        return driver

    def test_an_undo_that_fails_is_told_as_such_whatever_the_verdict(self):
        manifest = self.write(self.experiment(self.fault("ec2.stop", duration="5s", **ALONE)))
        driver = self.crash_runner(manifest)
        self.addCleanup(self.control, "heal")
        self.eventually("the instance is stopped", lambda: "effective" in self.states())
        # The permission is taken away only now: without it the run would not have begun.
        self.control("fail", action="StartInstances", code="UnauthorizedOperation", status="403")
        # It reaches Recovering, with the undo given up, and dies; the command takes it to its end.
        self.eventually("the undo was given up", lambda: "revertFailed" in self.states())
        driver.signal(SIGKILL)
        driver.kill()
        name = self.the_run()["metadata"]["name"]
        done = self.resuming(name).end()
        self.assertEqual(done.code, UNDO_FAILED, done)
        self.assertEqual(done.status["undo"], "dirty")
        self.assertNotEqual(done.status["verdict"], "pass")
        target = done.injections[0]["target"]
        self.assertEqual(self.state_of(target), "stopped", "it really is not undone")
        failed = [m for m in self.until_arrived(name, "undoFailed", "verdict") if m["event"] == "undoFailed"]
        self.assertEqual((failed[0]["severity"], failed[0]["injection"]["target"]["id"]), ("critical", target))
        self.assertIn("StartInstances", failed[0]["injection"]["message"])
        self.prove("5: an undo that AWS denies ends with code 5, and undoFailed arrives as critical")

    def the_run(self):
        listed = self.rebound("get", "runs", "--store", self.store, "-o", "json")
        return listed.run["items"][0]

    def states(self):
        if not os.path.exists(self.store):
            return []
        listed = self.rebound("get", "injections", "--store", self.store, "-o", "json")
        return [i["status"]["state"] for i in (listed.run or {"items": []})["items"] if "status" in i]


if __name__ == "__main__":
    unittest.main()
