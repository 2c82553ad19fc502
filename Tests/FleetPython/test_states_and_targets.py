# SPDX-License-Identifier: Apache-2.0
"""Stop, start, reboot, suspend, deregister: servers, states and target health go together."""
import unittest

from botocore.exceptions import ClientError
from playing import FleetCase, alive


class StandaloneInstances(FleetCase):
    """One group member as company, and two instances nobody replaces."""
    options = ("--size=1", "--standalone=2", "--ec2-delay=0.2")

    def setUp(self):
        super().setUp()
        self.instance = self.about["standalone"][0]

    def state_of(self, instance_id):
        answer = self.ec2.describe_instances(InstanceIds=[instance_id])
        return answer["Reservations"][0]["Instances"][0]["State"]["Name"]

    def until_healthy(self):
        def healthy():
            return self.health(self.instance)[self.instance]["State"] == "healthy"
        self.eventually("the target is healthy", healthy)

    def test_the_filter_by_zone_finds_the_instances_of_the_zone(self):
        def instances(**filters):
            answer = self.ec2.describe_instances(**filters)
            return [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]

        zones = {}
        for instance in instances():
            zones.setdefault(instance["Placement"]["AvailabilityZone"], set()).add(instance["InstanceId"])
        self.assertGreater(len(zones), 1)
        for zone, ids in zones.items():
            found = instances(Filters=[{"Name": "availability-zone", "Values": [zone]}])
            self.assertEqual({instance["InstanceId"] for instance in found}, ids, zone)

    def test_stopping_kills_the_server_and_starting_brings_it_back(self):
        pid = self.process_of(self.instance)
        self.ec2.stop_instances(InstanceIds=[self.instance])
        self.assertEqual(self.state_of(self.instance), "stopping")
        self.until("state", instance=self.instance, state="stopped")
        self.assertFalse(alive(pid))
        self.assertEqual(self.health(self.instance)[self.instance]["State"], "unused")
        self.assertNotIn(self.instance, self.answering())
        self.ec2.start_instances(InstanceIds=[self.instance])
        self.assertEqual(self.state_of(self.instance), "pending")
        self.until_healthy()
        self.assertIn(self.instance, self.answering())
        self.assertNotEqual(self.process_of(self.instance), pid)

    def test_rebooting_is_a_kill_and_a_start(self):
        pid = self.process_of(self.instance)
        self.ec2.reboot_instances(InstanceIds=[self.instance])
        self.until("listening", instance=self.instance)
        self.assertFalse(alive(pid))
        self.assertEqual(self.state_of(self.instance), "running")
        self.until_healthy()

    def test_starting_what_stops_is_refused(self):
        self.ec2.stop_instances(InstanceIds=[self.instance])
        with self.assertRaises(ClientError) as refused:
            self.ec2.start_instances(InstanceIds=[self.instance])
        self.assertEqual(refused.exception.response["Error"]["Code"], "IncorrectInstanceState")
        self.until("state", instance=self.instance, state="stopped")
        with self.assertRaises(ClientError) as refused:
            self.ec2.reboot_instances(InstanceIds=[self.instance])
        self.assertEqual(refused.exception.response["Error"]["Code"], "IncorrectState")
        self.ec2.start_instances(InstanceIds=[self.instance])
        self.until_healthy()

    def test_a_protected_instance_keeps_every_one_in_the_call(self):
        other = self.about["standalone"][1]
        self.ec2.modify_instance_attribute(InstanceId=other, DisableApiTermination={"Value": True})
        try:
            with self.assertRaises(ClientError) as refused:
                self.ec2.terminate_instances(InstanceIds=[self.instance, other])
        finally:
            self.ec2.modify_instance_attribute(InstanceId=other, DisableApiTermination={"Value": False})
        self.assertEqual(refused.exception.response["Error"]["Code"], "OperationNotPermitted")
        self.assertEqual(self.state_of(self.instance), "running")

    def test_a_dry_run_kills_nobody(self):
        with self.assertRaises(ClientError) as answer:
            self.ec2.terminate_instances(InstanceIds=[self.instance], DryRun=True)
        self.assertEqual(answer.exception.response["Error"]["Code"], "DryRunOperation")
        self.assertEqual(self.truth("kill"), [])
        self.assertTrue([e for e in self.truth("api") if e["action"] == "TerminateInstances"][0]["dry_run"])

    def test_deregistering_drains_and_registering_brings_back(self):
        self.balancing.deregister_targets(TargetGroupArn=self.arn, Targets=[{"Id": self.instance}])
        health = self.health(self.instance)[self.instance]
        self.assertEqual((health["State"], health["Reason"]), ("draining", "Target.DeregistrationInProgress"))
        self.until("drained", instance=self.instance)
        self.assertNotIn(self.instance, self.health())
        self.assertEqual(self.health(self.instance)[self.instance]["State"], "unused")
        self.assertNotIn(self.instance, self.answering())
        self.assertIsNotNone(self.process_of(self.instance))
        self.balancing.register_targets(TargetGroupArn=self.arn, Targets=[{"Id": self.instance}])
        self.assertEqual(self.health(self.instance)[self.instance]["State"], "initial")
        self.until_healthy()
        self.assertIn(self.instance, self.answering())

    def test_a_crashed_server_is_unhealthy_by_the_balancer_alone(self):
        self.control("signal", instance=self.instance, signal="KILL")
        self.until("lb_down", instance=self.instance)
        health = self.health(self.instance)[self.instance]
        self.assertEqual((health["State"], health["Reason"]), ("unhealthy", "Target.FailedHealthChecks"))
        self.assertEqual(self.state_of(self.instance), "running")
        self.control("boot", instance=self.instance)
        self.until_healthy()

    def test_a_frozen_server_times_out(self):
        self.control("signal", instance=self.instance, signal="STOP")
        try:
            self.until("lb_down", instance=self.instance)
            self.assertEqual(self.health(self.instance)[self.instance]["Reason"], "Target.Timeout")
        finally:
            self.control("signal", instance=self.instance, signal="CONT")
        self.until_healthy()


class SuspendedGroup(FleetCase):
    def setUp(self):
        self.resume()
        self.until_whole()
        super().setUp()
        self.addCleanup(self.resume)

    def resume(self):
        self.groups.resume_processes(AutoScalingGroupName=self.group)

    def suspend(self, *names):
        self.groups.suspend_processes(AutoScalingGroupName=self.group, ScalingProcesses=list(names))

    def test_no_replacement_while_launch_is_suspended(self):
        self.suspend("Launch")
        victim = self.ids()[0]
        self.ec2.terminate_instances(InstanceIds=[victim])
        self.until("gone", instance=victim)
        self.assertEqual(len(self.ids()), 2)
        self.assertEqual(self.truth("launch"), [])
        self.resume()
        self.until("recovered")

    def test_a_stopped_member_is_noticed_terminated_and_replaced(self):
        victim = self.ids()[0]
        self.ec2.stop_instances(InstanceIds=[victim])
        self.until("gone", instance=victim)
        self.until("recovered")
        self.assertEqual(self.ec2.describe_instances(InstanceIds=[victim])["Reservations"][0]["Instances"][0]["State"]
                         ["Name"], "terminated")
        self.assertNotIn(victim, self.ids())

    def test_a_stopped_member_may_come_back_while_health_checks_are_suspended(self):
        self.suspend("HealthCheck", "ReplaceUnhealthy")
        member = self.ids()[0]
        self.ec2.stop_instances(InstanceIds=[member])
        self.until("state", instance=member, state="stopped")
        self.ec2.start_instances(InstanceIds=[member])
        self.until("recovered")
        self.assertIn(member, self.ids())
        self.assertEqual(self.truth("launch"), [])

    def test_an_unhealthy_member_stays_while_replacing_is_suspended(self):
        self.suspend("ReplaceUnhealthy")
        victim = self.ids()[0]
        self.ec2.terminate_instances(InstanceIds=[victim])
        self.until("noticed", instance=victim)
        shown = {m["InstanceId"]: m["HealthStatus"] for m in self.members()}
        self.assertEqual(shown[victim], "Unhealthy")
        self.resume()
        self.until("recovered")

    def test_a_new_member_stays_out_of_the_balancer_while_adding_is_suspended(self):
        self.suspend("AddToLoadBalancer")
        self.ec2.terminate_instances(InstanceIds=[self.ids()[0]])
        new = self.until("inservice")["instance"]
        self.assertNotIn(new, self.health())
        self.balancing.register_targets(TargetGroupArn=self.arn, Targets=[{"Id": new}])
        self.until("recovered")


class ReplacingByTargetHealth(FleetCase):
    options = ("--health-check-type=ELB", "--warmup=17")

    def test_a_crash_behind_the_balancer_is_replaced(self):
        self.until_whole()
        self.begun += 1
        victim = self.ids()[0]
        self.control("signal", instance=victim, signal="KILL")
        self.until("gone", instance=victim)
        causes = [e["cause"] for e in self.truth("activity") if e["description"].startswith("Terminating")]
        self.assertIn("in response to an ELB system health check failure.", causes[0])
        self.until_whole()

    def test_the_group_shows_its_warmup(self):
        group = self.groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]
        self.assertEqual(group["DefaultInstanceWarmup"], 17)
        self.assertEqual(group["HealthCheckType"], "ELB")


class NeverReplacing(FleetCase):
    options = ("--never",)

    def test_a_lost_member_is_not_replaced(self):
        self.until_whole()
        victim = self.ids()[0]
        self.ec2.terminate_instances(InstanceIds=[victim])
        self.until("gone", instance=victim)
        self.assertEqual(len(self.ids()), 2)


if __name__ == "__main__":
    unittest.main()
