# SPDX-License-Identifier: Apache-2.0
"""Every fault through the API: what the world looked like before and after, and whether what we say of it is true."""
import time
import unittest

from driving import ReboundCase, nanoseconds

MEMBERS = {"autoScalingGroup": "web", "tags": {"app": "web"}}
ALONE = {"tags": {"app": "standalone"}}


class FaultCase(ReboundCase):
    def injected(self, done, call):
        """What must hold of every single injection: one target, told and marked before the call, bounds around it."""
        self.assertEqual(len(done.injections), 1, done)
        injection = done.injections[0]
        calls = self.acting_calls(call)
        self.assertEqual(len(calls), 1, f"{call} was called once: {calls}")
        messages = self.until_arrived(done.name, "planned", "aboutToInject", "injected", "verdict")
        notices = self.published(done.name, "aboutToInject")
        self.assertEqual(len(notices), 1, "one notice")
        _, taken, status, message = notices[0]
        self.assertEqual((status, message["injection"]["name"]), (200, injection["name"]))
        self.assertLess(taken, calls[0]["t_ns"], "the topic had the notice before the call was made")
        announced = [e for e in done.status["timeline"] if e["type"] == "announced"]
        self.assertEqual([e["subject"] for e in announced], [injection["name"]])
        self.assertLess(nanoseconds(announced[0]["at"]), nanoseconds(calls[0]["wall"]), "announced before the call")
        told = {m["injection"]["name"] for m in messages if m["event"] in ("aboutToInject", "injected")}
        self.assertEqual(told, {injection["name"]}, "every event about the injection names it")
        return injection, calls[0]

    def injected_instance(self, done, call, event, **fields):
        """The same for a fault on an instance, which carries the run's mark before it is touched."""
        injection, call = self.injected(done, call)
        self.assertEqual(self.named(call), {injection["target"]}, "the chosen one and no other")
        marks = self.acting_calls("CreateTags")
        self.assertEqual(len(marks), 1)
        self.assertLess(marks[0]["t_ns"], call["t_ns"], "marked before the call")
        tags = self.tags(injection["target"])
        self.assertEqual((tags["rebound:run"], tags["rebound:injection"]), (done.name, injection["name"]))
        truth = self.truth_of(event, instance=injection["target"], **fields)
        self.assert_within(truth["t_ns"], done.bounds(injection["effective"]), f"the true instant of {event}")
        return injection["target"], truth["t_ns"]

    def recovered_as_told(self, done, began):
        """Time to recover, downtime and outages against the fleet's own `recovered`."""
        recovery = done.status["recovery"]
        self.assertTrue(recovery["recovered"], done)
        figure, true = recovery["timeToRecover"], self.truth_of("recovered", group="web")
        taken = (true["t_ns"] - began) / 1e9
        self.assertLessEqual(figure["low"], taken, "time to recover: the truth is below the lower bound")
        self.assertGreaterEqual(figure["high"], taken, "time to recover: the truth is above the upper bound")
        return f"recovered in {taken:.3f} s, told as {figure['low']:.3f} to {figure['high']:.3f}"


class FaultsOnInstances(FaultCase):
    options = ("--size=3", "--standalone=2")

    def test_a_terminated_member_dies_and_its_replacement_is_timed(self):
        before = set(self.ids())
        probes = [self.storefront(), self.capacity(), self.healthy_targets(5)]
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS), probes=probes))
        target, died = self.injected_instance(done, "TerminateInstances", "state", state="shutting-down")
        self.assertEqual([e["instance"] for e in self.truth("kill")], [target], "one server was killed")
        self.assertIn(target, before)
        self.assertEqual(self.state_of(target), "terminated")
        self.assertEqual(done.injections[0]["state"], "completed")
        self.assertEqual(done.status["undo"], "none", "a termination has no undo, and nobody says it has")
        self.assertEqual(len(set(self.ids()) - before), 1, "the group put one new member in its place")
        told = self.recovered_as_told(done, died)
        self.prove(f"ec2 terminate: one server died, EC2's change inside the bounds; {told}")

    def test_a_stopped_instance_is_started_again(self):
        done = self.run_it(self.experiment(self.fault("ec2.stop", duration="1s", **ALONE)))
        target, _ = self.injected_instance(done, "StopInstances", "state", state="stopping")
        self.assertEqual(self.acted_on("StartInstances"), {target})
        started = self.acting_calls("StartInstances")[0]
        self.assertGreaterEqual(started["t_ns"] - self.acting_calls("StopInstances")[0]["t_ns"], 1e9, "held for 1 s")
        self.assertEqual(self.state_of(target), "running")
        self.until("listening", instance=target)
        self.eventually("it serves again", lambda: self.health(target)[target]["State"] == "healthy")
        self.assertEqual((done.status["undo"], done.injections[0]["state"]), ("clean", "reverted"))
        self.prove("ec2 stop: started again after its second, and it serves again")

    def test_a_rebooted_instance_comes_back_by_itself(self):
        done = self.run_it(self.experiment(self.fault("ec2.reboot", **ALONE)))
        target, _ = self.injected_instance(done, "RebootInstances", "reboot")
        self.until("kill", instance=target)
        self.until("listening", instance=target)
        self.assertEqual(self.state_of(target), "running")
        self.assertEqual(done.status["undo"], "none")
        self.prove("ec2 reboot: rebooted once, nothing claimed to be undone")

    def test_a_stopped_member_that_its_group_replaces_is_not_started(self):
        before = set(self.ids())
        done = self.run_it(self.experiment(self.fault("ec2.stop", duration="2s", **MEMBERS)))
        target, _ = self.injected_instance(done, "StopInstances", "state", state="stopping")
        self.assertEqual(self.acting_calls("StartInstances"), [], "there was nothing left to start")
        self.assertEqual(self.state_of(target), "terminated")
        self.assertEqual(done.injections[0]["state"], "targetGone", done)
        self.assertEqual(done.status["undo"], "clean", "nothing of ours is left in place")
        self.until_whole()
        self.assertEqual(len(set(self.ids()) - before), 1)
        self.prove("ec2 stop of a member: the group replaced it meanwhile; told as gone, and not started")


class FaultsOnTheGroup(FaultCase):
    options = ("--size=3", "--min-size=1")

    def desired(self):
        groups = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        return groups[0]["DesiredCapacity"]

    def suspended(self):
        groups = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        return {p["ProcessName"] for p in groups[0]["SuspendedProcesses"]}

    def grow_back(self):
        self.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
        self.until_whole()

    def test_the_group_terminates_a_member_and_replaces_it(self):
        before = set(self.ids())
        done = self.run_it(self.experiment(
            self.fault("autoScaling.terminate", decrementDesiredCapacity=False, **MEMBERS)))
        target, _ = self.injected_instance(done, "TerminateInstanceInAutoScalingGroup", "asg_request")
        self.eventually("it is terminated", lambda: self.state_of(target) == "terminated")
        self.until_whole()
        self.assertEqual((self.desired(), len(set(self.ids()) - before)), (3, 1))
        self.prove("autoScaling terminate: the group lost one member and launched one")

    def test_the_group_terminates_a_member_and_becomes_smaller(self):
        self.addCleanup(self.grow_back)
        before = set(self.ids())
        done = self.run_it(self.experiment(
            self.fault("autoScaling.terminate", decrementDesiredCapacity=True, **MEMBERS)))
        target, _ = self.injected_instance(done, "TerminateInstanceInAutoScalingGroup", "asg_request")
        self.assertEqual(self.desired(), 2)
        self.eventually("two are left", lambda: set(self.ids()) == before - {target})
        self.prove("autoScaling terminate with decrement: the group is one smaller, and launched none")

    def test_a_detached_member_runs_on_outside_its_group(self):
        before = set(self.ids())
        done = self.run_it(self.experiment(
            self.fault("autoScaling.detach", decrementDesiredCapacity=False, **MEMBERS)))
        target, _ = self.injected_instance(done, "DetachInstances", "detached")
        self.assertNotIn(target, self.ids())
        self.assertEqual(self.state_of(target), "running")
        self.assertEqual(self.truth("kill"), [], "nobody died")
        self.assertEqual(done.status["undo"], "none")
        self.until_whole()
        self.assertEqual(len(set(self.ids()) - before), 1)
        self.prove("autoScaling detach: the member runs on, the group launched another")

    def test_suspended_processes_are_resumed_but_not_those_that_were_suspended_before(self):
        self.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["AZRebalance"])
        self.addCleanup(self.groups.resume_processes, AutoScalingGroupName="web")
        self.begun = time.monotonic_ns()   # what the test itself asked of AWS is before this
        driver = self.starting(self.experiment(
            self.fault("autoScaling.suspendProcesses", duration="1s", processes=["Launch", "AZRebalance"])))
        driver.until_said("phase: Holding")
        self.assertEqual(self.suspended(), {"Launch", "AZRebalance"})
        done = driver.end()
        self.assert_passed(done)
        injection, call = self.injected(done, "SuspendProcesses")
        answered = next(e for e in self.truth("answered") if e["request"] == call["request"])
        bounds = done.bounds(injection["effective"])
        self.assert_within(call["t_ns"], bounds, "the call was received")
        self.assert_within(answered["t_ns"], bounds, "the call was answered")
        self.assertEqual(self.suspended(), {"AZRebalance"}, "what was suspended before stays so")
        self.assertEqual((done.status["undo"], injection["state"]), ("clean", "reverted"))
        self.prove("suspendProcesses: resumed what it had suspended, and nothing else")


class FaultsOnTheBalancer(FaultCase):
    options = ("--size=3", "--standalone=1")

    def targets(self):
        answer = self.balancing.describe_target_health(TargetGroupArn=self.arn)
        return {(d["Target"]["Id"], d["Target"]["Port"]) for d in answer["TargetHealthDescriptions"]}

    def test_a_deregistered_target_is_registered_again_with_its_port(self):
        before = self.targets()
        driver = self.starting(self.experiment(
            self.fault("elb.deregister", duration="1s", targetGroup="web", tags={"app": "web"})))
        driver.until_said("phase: Holding")
        target = next(iter(self.acted_on("DeregisterTargets")))
        self.assertNotEqual(self.health(target)[target]["State"], "healthy", "it is out while the fault is held")
        done = driver.end()
        self.assert_passed(done)
        told, _ = self.injected_instance(done, "DeregisterTargets", "deregistered")
        self.assertEqual(told, target)
        self.assertEqual(self.truth("kill"), [], "nobody died")
        self.assertEqual(self.targets(), before, "every target is registered as it was, on the same port")
        self.eventually("it serves again", lambda: self.health(target)[target]["State"] == "healthy")
        self.assertEqual((done.status["undo"], done.injections[0]["state"]), ("clean", "reverted"))
        self.prove("elb deregister: registered again with the same port, and it serves again")


if __name__ == "__main__":
    unittest.main()
