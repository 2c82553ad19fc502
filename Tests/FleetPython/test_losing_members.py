# SPDX-License-Identifier: Apache-2.0
"""A kill through the API is a real outage, and what Auto Scaling does about it looks as it does on AWS."""
import json
import unittest

from botocore.exceptions import ClientError
from playing import FleetCase, alive


class LosingMembers(FleetCase):
    options = ("--activity-resolution=0.001",)

    def setUp(self):
        self.until_whole()
        super().setUp()

    def terminate(self):
        victim = self.ids()[0]
        pid = self.process_of(victim)
        self.ec2.terminate_instances(InstanceIds=[victim])
        return victim, pid

    def test_terminating_an_instance_kills_its_server(self):
        victim, pid = self.terminate()
        death = self.until("death", instance=victim)
        self.assertEqual(death["pid"], pid)
        self.assertFalse(alive(pid))
        self.assertNotIn(victim, self.answering())

    def test_the_truth_orders_the_loss_as_it_happened(self):
        victim, _ = self.terminate()
        self.until("recovered")
        steps = ["kill", "death", "noticed", "launch", "listening", "inservice", "lb_up", "recovered"]
        order = [e["ev"] for e in self.truth(*steps) if (e["ev"], e.get("instance")) != ("lb_up", victim)]
        self.assertEqual(order, steps)

    def test_recovery_is_counted_from_the_death_to_the_last_healthy_target(self):
        victim, _ = self.terminate()
        recovered, death = self.until("recovered"), self.until("death", instance=victim)
        self.assertEqual(recovered["down_ns"], death["t_ns"])
        self.assertAlmostEqual(recovered["recovery_ms"], (recovered["t_ns"] - death["t_ns"]) / 1e6, delta=0.01)

    def test_the_replacement_really_serves(self):
        victim, _ = self.terminate()
        new = self.until("launch")["instance"]
        self.until("recovered")
        self.assertEqual(self.answering(), set(self.ids()))
        self.assertIn(new, self.ids())

    def test_the_group_shows_the_loss_only_once_it_has_noticed(self):
        self.control("set", notice=1)
        try:
            victim, _ = self.terminate()
            self.until("death", instance=victim)
            seen = {m["InstanceId"]: (m["LifecycleState"], m["HealthStatus"]) for m in self.members()}
            self.assertEqual(seen[victim], ("InService", "Healthy"))
            self.until("noticed", instance=victim)
        finally:
            self.control("set", notice=0.1)
        self.until_whole()

    def test_a_replacement_is_launched_in_the_zone_that_lost_its_member(self):
        for _ in range(2):
            self.terminate()
            self.until("recovered")
            self.begun = self.truth("recovered")[-1]["t_ns"] + 1
        self.assertEqual({m["AvailabilityZone"] for m in self.members()}, set(self.about["zones"]))

    def test_activities_tell_the_loss_in_the_words_of_aws(self):
        victim, _ = self.terminate()
        new = self.until("launch")["instance"]
        self.until("recovered")
        answer = self.groups.describe_scaling_activities(AutoScalingGroupName=self.group, MaxRecords=2)
        launching, terminating = answer["Activities"]
        self.assertIn("NextToken", answer)
        self.assertEqual(launching["Description"], f"Launching a new EC2 instance: {new}")
        self.assertRegex(launching["Cause"], r"^At \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ an instance was launched in "
                                             r"response to an unhealthy instance needing to be replaced\.$")
        self.assertEqual(terminating["Description"], f"Terminating EC2 instance: {victim}")
        self.assertRegex(terminating["Cause"], r"^At \S+Z an instance was taken out of service in response to an EC2 "
                                               r"health check indicating it has been terminated or stopped\.$")
        for activity in (launching, terminating):
            self.assertEqual((activity["StatusCode"], activity["Progress"]), ("Successful", 100))
            self.assertEqual(activity["AutoScalingGroupName"], self.group)
            self.assertLessEqual(activity["StartTime"], activity["EndTime"])
            self.assertEqual(set(json.loads(activity["Details"])), {"Subnet ID", "Availability Zone"})
        self.assertLessEqual(terminating["StartTime"], launching["StartTime"])

    def test_activities_page_newest_first_without_loss(self):
        pages = self.groups.get_paginator("describe_scaling_activities").paginate(
            AutoScalingGroupName=self.group, PaginationConfig={"PageSize": 2})
        found = [a for page in pages for a in page["Activities"]]
        self.assertGreaterEqual(len(found), 3)
        self.assertEqual(len({a["ActivityId"] for a in found}), len(found))
        self.assertEqual(found, sorted(found, key=lambda a: a["StartTime"], reverse=True))

    def test_an_unfinished_launch_is_shown_as_pre_in_service(self):
        self.control("set", launch=1)
        try:
            self.terminate()
            new = self.until("launch")["instance"]
            shown = self.groups.describe_scaling_activities(AutoScalingGroupName=self.group)["Activities"][0]
            self.assertEqual(shown["StatusCode"], "PreInService")
            self.assertNotIn("EndTime", shown)
            self.assertEqual({m["InstanceId"]: m["LifecycleState"] for m in self.members()}[new], "Pending")
        finally:
            self.control("set", launch=0.1)
        self.until_whole()

    def test_terminating_through_the_group_drains_first_and_replaces(self):
        victim = self.ids()[0]
        activity = self.groups.terminate_instance_in_auto_scaling_group(
            InstanceId=victim, ShouldDecrementDesiredCapacity=False)["Activity"]
        self.assertEqual(activity["Description"], f"Terminating EC2 instance: {victim}")
        self.assertIn(f"instance {victim} was taken out of service in response to a user request", activity["Cause"])
        self.until("gone", instance=victim)
        order = [e["ev"] for e in self.truth("asg_request", "deregistered", "kill", "death", "gone")]
        self.assertEqual(order, ["asg_request", "deregistered", "kill", "death", "gone"])
        self.until_whole()
        self.assertEqual(len(self.ids()), 3)

    def test_terminating_with_decrement_shrinks_the_group(self):
        victim = self.ids()[0]
        self.groups.terminate_instance_in_auto_scaling_group(InstanceId=victim, ShouldDecrementDesiredCapacity=True)
        self.until("gone", instance=victim)
        self.assertEqual(len(self.ids()), 2)
        self.groups.set_desired_capacity(AutoScalingGroupName=self.group, DesiredCapacity=3)
        self.until_whole()

    def test_a_decrement_below_the_least_size_is_refused(self):
        self.groups.update_auto_scaling_group(AutoScalingGroupName=self.group, MinSize=3)
        try:
            with self.assertRaises(ClientError) as refused:
                self.groups.terminate_instance_in_auto_scaling_group(
                    InstanceId=self.ids()[0], ShouldDecrementDesiredCapacity=True)
        finally:
            self.groups.update_auto_scaling_group(AutoScalingGroupName=self.group, MinSize=1)
        self.assertEqual(refused.exception.response["Error"]["Code"], "ValidationError")

    def test_a_detached_member_leaves_the_balancer_and_keeps_running(self):
        leaving = self.ids()[0]
        pid = self.process_of(leaving)
        self.groups.detach_instances(AutoScalingGroupName=self.group, InstanceIds=[leaving],
                                     ShouldDecrementDesiredCapacity=False)
        self.until("recovered")
        self.assertNotIn(leaving, self.ids())
        self.assertNotIn(leaving, self.answering())
        self.assertTrue(alive(pid))
        self.ec2.terminate_instances(InstanceIds=[leaving])

    def test_a_member_told_to_be_unhealthy_is_replaced(self):
        victim = self.ids()[0]
        self.groups.set_instance_health(InstanceId=victim, HealthStatus="Unhealthy")
        self.until("gone", instance=victim)
        self.assertNotIn(victim, self.ids())
        causes = [e["cause"] for e in self.truth("activity") if victim in e["description"]]
        self.assertIn("in response to a user health-check", causes[0])


if __name__ == "__main__":
    unittest.main()
