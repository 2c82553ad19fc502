# SPDX-License-Identifier: Apache-2.0
"""Auto Scaling: a loop that compares each group with what it should be and does the next step, as AWS's does.

A lost member stays InService until the group notices (settings.notice); then it is Unhealthy and Terminating, an
activity says why, and a replacement is launched. A replacement is Pending until settings.launch has passed and its
server really answers. A suspended HealthCheck, ReplaceUnhealthy, Terminate, Launch or AddToLoadBalancer stops its step.
"""
import time

from .activities import now, stamp

TICK = 0.02
DEAD = ("shutting-down", "terminated", "stopping", "stopped")
COUNTED = ("Pending", "InService")


class Member:
    """What the loop knows of one member beyond what moto shows."""

    def __init__(self, state, launched=None, activity=None):
        self.state = state                   # moto's InstanceState
        self.launched = launched             # monotonic seconds; None when it was attached
        self.in_service_after = None
        self.activity = activity             # the launch's
        self.trouble_since = None
        self.notice_after = None
        self.leaving = None                  # the terminating activity
        self.leave_after = None              # when draining is over
        self.drained = False

    @property
    def id(self):
        return self.state.instance.id


class Groups:
    def __init__(self, world, activities, targets):
        self.world, self.activities, self.targets = world, activities, targets
        self.members = {}                    # instance id -> Member
        self.no_launch_before = {}           # group name -> monotonic seconds
        self.reasons = {}                    # group name -> cause of the next launches, in AWS's words
        self.whole = {}                      # group name -> bool: all it should be, and serving
        self.lost_since = {}                 # group name -> instant of the first loss since it was whole

    def backend(self):
        return self.world.backend("autoscaling")

    def start(self):
        self.world.timeline.every(TICK, self.tick)

    def tick(self):
        for group in list(self.backend().autoscaling_groups.values()):
            for state in list(group.instance_states):
                member = self.members.get(state.instance.id)
                if member is None or member.state is not state:
                    member = self.members[state.instance.id] = Member(state)
                self._step(group, member)
            self._match_capacity(group)
            self._tell_recovery(group)

    # --- one member ---

    def _step(self, group, member):
        lifecycle = member.state.lifecycle_state
        if lifecycle.startswith("Terminating"):
            self._step_leaving(group, member)
            return
        if lifecycle == "Pending":
            self._step_pending(group, member)
        cause = self._trouble(group, member)
        if cause is None:
            member.trouble_since = None
            return
        moment = time.monotonic()
        if member.trouble_since is None:
            member.trouble_since = moment
            wait = 0 if cause == "user" else self.world.timeline.stretched(self.world.settings.notice)
            member.notice_after = moment + wait
        if moment >= member.notice_after:
            self._notice(group, member, cause)

    def _trouble(self, group, member):
        """Why the member must go: "ec2", "elb" or "user"; None while it is well or nobody is looking."""
        state = member.state
        if state.lifecycle_state not in COUNTED:
            return None
        if state.health_status == "Unhealthy":
            return getattr(state, "rebound_cause", "user")
        if "HealthCheck" in group._suspended_processes:
            return None
        if state.instance.state in DEAD:
            return "ec2"
        old_enough = member.launched is None or time.monotonic() - member.launched > self.world.settings.grace
        if group.health_check_type == "ELB" and state.lifecycle_state == "InService" and old_enough:
            if self.targets.judged_unhealthy(member.id):
                return "elb"
        return None

    def _notice(self, group, member, cause):
        if member.state.health_status != "Unhealthy":
            member.state.health_status = "Unhealthy"
            member.state.rebound_cause = cause
            self.world.truth.note("noticed", group=group.name, instance=member.id, cause=cause)
        if {"ReplaceUnhealthy", "Terminate"} & set(group._suspended_processes):
            return
        text = {
            "ec2": "an instance was taken out of service in response to an EC2 health check indicating it has been "
                   "terminated or stopped.",
            "elb": "an instance was taken out of service in response to an ELB system health check failure.",
            "user": "an instance was taken out of service in response to a user health-check.",
        }[cause]
        self.reasons[group.name] = (
            "an instance was launched in response to an unhealthy instance needing to be replaced.")
        self.dismiss(group, member, f"At {stamp(now())} {text}")

    def dismiss(self, group, member, cause):
        """Begins to terminate a member: out of the load balancer, drained, then its instance is terminated."""
        instance = member.state.instance
        member.state.lifecycle_state = "Terminating"
        self.note_loss(group)
        self.activities.end(member.activity, "Cancelled")
        member.leaving = self.activities.begin(
            group, f"Terminating EC2 instance: {instance.id}", cause, "InProgress", instance)
        draining = self.targets.leave(instance.id, group.target_group_arns)
        wait = self.world.timeline.stretched(self.world.settings.drain) if draining else 0
        member.leave_after = time.monotonic() + wait
        if draining:
            self.activities.move(member.leaving, "WaitingForELBConnectionDraining", 50)
        return member.leaving

    def _step_leaving(self, group, member):
        if member.leave_after is None or time.monotonic() < member.leave_after:
            return
        instance = member.state.instance
        if not member.drained:
            member.drained = True
            if member.leaving.status_code != "InProgress":
                self.activities.move(member.leaving, "InProgress", 50)
            if instance.state not in ("shutting-down", "terminated"):
                self.world.truth.note("asg_terminate", group=group.name, instance=instance.id)
                instance.terminate()
        if instance.state == "terminated":
            group.instance_states = [s for s in group.instance_states if s is not member.state]
            self.members.pop(member.id, None)
            self.activities.end(member.leaving)
            self.world.truth.note("gone", group=group.name, instance=member.id)

    def _step_pending(self, group, member):
        instance = member.state.instance
        if instance.state != "running" or time.monotonic() < member.in_service_after:
            return
        machine = self.world.machines.get(instance.id)
        if machine is not None and not machine.listening:
            return
        member.state.lifecycle_state = "InService"
        self.activities.end(member.activity)
        if "AddToLoadBalancer" not in group._suspended_processes:
            self.targets.join(instance.id, group.target_group_arns)
        self.world.truth.note("inservice", group=group.name, instance=instance.id, healthy=len(in_service(group)))

    # --- the group as a whole ---

    def _match_capacity(self, group):
        counted = [s for s in group.instance_states if s.lifecycle_state in COUNTED]
        lacking = (group.desired_capacity or 0) - len(counted)
        if lacking > 0:
            stopped = self.world.settings.never or "Launch" in group._suspended_processes
            if not stopped and time.monotonic() >= self.no_launch_before.get(group.name, 0):
                for n in range(lacking):
                    self._launch(group, len(counted) + n)
                self.reasons.pop(group.name, None)
        elif lacking < 0 and "Terminate" not in group._suspended_processes:
            for state in self._surplus(group, counted)[:-lacking]:
                cause = (f"At {stamp(now())} an instance was taken out of service in response to a difference between "
                         f"desired and actual capacity, shrinking the capacity from {len(counted)} to "
                         f"{group.desired_capacity}. At {stamp(now())} instance {state.instance.id} was selected for "
                         "termination.")
                self.dismiss(group, self.members[state.instance.id], cause)

    def _surplus(self, group, counted):
        """Unprotected members in the order of AWS's default policy: the fullest zone first, there the oldest."""
        zones = [s.instance.placement.zone for s in counted]
        free = [s for s in counted if not s.protected_from_scale_in]
        return sorted(free, key=lambda s: (-zones.count(s.instance.placement.zone), s.instance.launch_time))

    def _launch(self, group, have):
        before = {id(s) for s in group.instance_states}
        group.replace_autoscaling_group_instances(1, group.get_propagated_tags())
        reason = self.reasons.get(group.name) or (
            "an instance was started in response to a difference between desired and actual capacity, increasing the "
            f"capacity from {have} to {have + 1}.")
        for state in group.instance_states:
            if id(state) in before:
                continue
            state.lifecycle_state = "Pending"
            instance = state.instance
            activity = self.activities.begin(
                group, f"Launching a new EC2 instance: {instance.id}", f"At {stamp(now())} {reason}", "PreInService",
                instance)
            member = Member(state, time.monotonic(), activity)
            member.in_service_after = member.launched + self.world.timeline.stretched(self.world.settings.launch)
            self.members[instance.id] = member

    def note_loss(self, group, t_ns=None):
        """A member stopped serving: the start of the time to recover, unless one is running already."""
        self.lost_since.setdefault(group.name, t_ns or time.monotonic_ns())
        self.whole[group.name] = False
        self.whole.pop((group.name, "capacity"), None)

    def note_death(self, instance_id, t_ns):
        for group in self.backend().autoscaling_groups.values():
            for state in group.instance_states:
                if state.instance.id == instance_id and state.lifecycle_state == "InService":
                    self.note_loss(group, t_ns)

    def _tell_recovery(self, group):
        """`capacity`: as many InService as desired. `recovered`: they all pass the load balancer's checks too."""
        if self.whole.get(group.name):
            return
        alive = [s for s in in_service(group) if self._serves(s.instance)]
        if len(alive) < (group.desired_capacity or 0):
            self.whole[group.name] = False
            return
        lost = self.lost_since.get(group.name)
        if self.whole.get(group.name) is not None and lost and not self.whole.get((group.name, "capacity")):
            self.whole[(group.name, "capacity")] = True
            self.world.truth.note("capacity", group=group.name, down_ns=lost,
                                  recovery_ms=round((time.monotonic_ns() - lost) / 1e6, 3))
        if group.target_group_arns and not all(self.targets.judged_healthy(s.instance.id) for s in alive):
            return
        t_ns = time.monotonic_ns()
        fields = {"down_ns": lost, "recovery_ms": round((t_ns - lost) / 1e6, 3)} if lost else {}
        self.world.truth.note("recovered" if lost else "whole", t_ns, group=group.name, **fields)
        self.whole[group.name] = True
        self.whole.pop((group.name, "capacity"), None)
        self.lost_since.pop(group.name, None)


    def _serves(self, instance):
        machine = self.world.machines.get(instance.id)
        return instance.state == "running" and (machine is None or machine.listening)


def in_service(group):
    return [s for s in group.instance_states if s.lifecycle_state == "InService" and s.health_status == "Healthy"]
