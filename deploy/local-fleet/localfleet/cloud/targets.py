# SPDX-License-Identifier: Apache-2.0
"""Target health: what haproxy thinks of each server, told in ELBv2's states; registration moves haproxy's slots.

The fleet's own target group is played by the real load balancer. Other target groups that a client makes stay moto's.
States and reasons: Elastic Load Balancing, "Health checks for your target groups".
"""
import time

from moto.elbv2.exceptions import TargetNotRunning
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup


class Target:
    def __init__(self, instance_id, port):
        self.instance_id, self.port = instance_id, port
        self.up = None                # haproxy's word; None before its first
        self.detail = ""
        self.ever_up = False
        self.draining = False


class Targets:
    def __init__(self, world, balancer):
        self.world, self.balancer = world, balancer
        self.arn = None               # of the fleet's own target group
        self.port = None
        self.known = {}               # instance id -> Target, registered or draining
        balancer.on_opinion = self._opinion

    def install(self):
        moto_register, moto_deregister = FakeTargetGroup.register, FakeTargetGroup.deregister
        moto_health = ELBv2Backend.describe_target_health

        def register(group, wanted):
            if group.arn != self.arn:
                return moto_register(group, wanted)
            with self.world.timeline.lock:
                for target in wanted:
                    instance = group.ec2_backend.get_instance_by_id(target["Id"])
                    if instance is None or instance.state not in ("running", "pending"):
                        raise TargetNotRunning(instance_id=target["Id"])
                for target in wanted:
                    self._register(group, target["Id"], "api")

        def deregister(group, wanted):
            if group.arn != self.arn:
                return moto_deregister(group, wanted)
            with self.world.timeline.lock:
                for target in wanted:  # AWS: "If the specified target does not exist, the action returns successfully."
                    if target["Id"] in group.targets:
                        self._deregister(group, target["Id"], "api")

        def describe_target_health(backend, arn, wanted):
            if arn != self.arn:
                return moto_health(backend, arn, wanted)
            with self.world.timeline.lock:
                group = backend.target_groups[arn]
                ids = [t["Id"] for t in wanted] or list(self.known)
                return [self._health(group, instance_id) for instance_id in ids]

        FakeTargetGroup.register, FakeTargetGroup.deregister = register, deregister
        ELBv2Backend.describe_target_health = describe_target_health
        # moto would drop a terminated target inside the API call; AWS does when the instance is gone (see `gone`).
        FakeTargetGroup.deregister_terminated_instances = lambda group, instance_ids: None

    def adopt(self, arn, port):
        self.arn, self.port = arn, port

    # --- asked by the Auto Scaling loop ---

    def join(self, instance_id, arns):
        for arn in arns or ():
            group = self._groups().get(arn)
            if group is None or instance_id in group.targets or instance_id in group.deregistered_targets:
                continue
            if arn == self.arn:
                self._register(group, instance_id, "autoscaling")
            else:
                group.register([{"Id": instance_id, "Port": group.port}])

    def leave(self, instance_id, arns):
        """Deregisters the instance; True when it was registered and draining has begun."""
        left = False
        for arn in arns or ():
            group = self._groups().get(arn)
            if group is None or instance_id not in group.targets:
                continue
            left = True
            if arn == self.arn:
                self._deregister(group, instance_id, "autoscaling")
            else:
                group.deregister([{"Id": instance_id}])
        return left

    def gone(self, instance):
        """A terminated instance leaves every target group by itself."""
        self.leave(instance.id, list(self._groups()))

    def judged_healthy(self, instance_id):
        target = self.known.get(instance_id)
        return bool(target and not target.draining and target.up and target.ever_up)

    def judged_unhealthy(self, instance_id):
        target = self.known.get(instance_id)
        return bool(target and not target.draining and target.ever_up and target.up is False)

    # --- the fleet's own target group ---

    def _groups(self):
        return self.world.backend("elbv2").target_groups

    def _register(self, group, instance_id, by):
        machine = self.world.machines.get(instance_id)
        group.targets[instance_id] = {"Id": instance_id, "Port": self.port}
        group.deregistered_targets.pop(instance_id, None)
        self.known[instance_id] = Target(instance_id, self.port)
        self.world.truth.note("registered", instance=instance_id, by=by)
        if machine is not None:
            self.balancer.put_in(instance_id, machine.address, machine.port)

    def _deregister(self, group, instance_id, by):
        target = self.known.get(instance_id)
        entry = group.targets.pop(instance_id)
        if by == "api":               # remembered, so that the Auto Scaling loop does not undo what a client did
            group.deregistered_targets[instance_id] = entry
        if target is None:
            return
        target.draining = True
        self.world.truth.note("deregistered", instance=instance_id, by=by)
        self.balancer.drain(instance_id)
        self.world.timeline.after(self.world.settings.drain, self._drained, target)

    def _drained(self, target):
        if self.known.get(target.instance_id) is not target:
            return                    # registered again meanwhile
        del self.known[target.instance_id]
        self.world.truth.note("drained", instance=target.instance_id)
        self.balancer.take_out(target.instance_id)

    def _opinion(self, instance_id, up, detail, t_ns):
        with self.world.timeline.lock:
            target = self.known.get(instance_id)
            if target is None or target.draining:
                return
            before, target.up, target.detail = target.up, up, detail
            target.ever_up = target.ever_up or up
            if before != up and (up or before is not None):
                self.world.truth.note("lb_up" if up else "lb_down", t_ns, instance=instance_id, detail=detail,
                                      healthy=sum(self.judged_healthy(i) for i in self.known))

    def _health(self, group, instance_id):
        target = self.known.get(instance_id)
        if target is None:
            return status(instance_id, self.port, group, "unused", "Target.NotRegistered",
                          "Target is not registered to the target group")
        if target.draining:
            return status(instance_id, self.port, group, "draining", "Target.DeregistrationInProgress",
                          "Target deregistration is in progress")
        instance = group.ec2_backend.get_instance_by_id(instance_id)
        if instance is not None and instance.state in ("stopping", "stopped"):
            return status(instance_id, self.port, group, "unused", "Target.InvalidState",
                          f"Target is in the {instance.state} state")
        if target.up:
            return status(instance_id, self.port, group, "healthy")
        if not target.ever_up:
            reason = "Elb.InitialHealthChecking" if target.up is not None else "Elb.RegistrationInProgress"
            text = ("Initial health checks in progress" if target.up is not None
                    else "Target registration is in progress")
            return status(instance_id, self.port, group, "initial", reason, text)
        if "TOUT" in target.detail:
            return status(instance_id, self.port, group, "unhealthy", "Target.Timeout", "Request timed out")
        if "L7STS" in target.detail:
            return status(instance_id, self.port, group, "unhealthy", "Target.ResponseCodeMismatch",
                          "Health checks failed with an unexpected code")
        return status(instance_id, self.port, group, "unhealthy", "Target.FailedHealthChecks", "Health checks failed")


def status(instance_id, port, group, state, reason=None, description=None):
    return FakeHealthStatus(instance_id, port, group.health_check_port, state, reason, description)


def wait_healthy(targets, count, seconds):
    """Blocks until `count` targets are healthy; False when that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with targets.world.timeline.lock:
            if sum(targets.judged_healthy(i) for i in list(targets.known)) >= count:
                return True
        time.sleep(0.01)
    return False
