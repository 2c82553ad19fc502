# SPDX-License-Identifier: Apache-2.0
"""Auto Scaling's API on top of the loop in groups.py: moto's own answers act at once, so those that do are replaced."""
import time

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from . import activities as activities_module
from .activities import now, stamp


def not_found(name):
    return ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


class GroupAPI:
    def __init__(self, world, groups, activities, targets):
        self.world, self.groups, self.activities, self.targets = world, groups, activities, targets

    def install(self):
        self._install_capacity()
        self._install_launching()
        self._install_leaving()
        self._install_standby()
        self._install_answers()
        # The loop looks at every instance's state by itself; registration happens when a member comes into service.
        AutoScalingBackend.notify_terminate_instances = lambda backend, instance_ids: None
        AutoScalingBackend.update_attached_target_groups = (
            lambda backend, group_name: self._attach_targets(backend, group_name))

    def _attach_targets(self, backend, group_name):
        group = backend.autoscaling_groups[group_name]
        for state in group.instance_states:
            if state.lifecycle_state == "InService":
                self.targets.join(state.instance.id, group.target_group_arns)

    def _install_capacity(self):
        def set_desired(group, capacity):
            group.desired_capacity = group.min_size if capacity is None else capacity

        def set_desired_capacity(backend, group_name, capacity):
            with self.world.timeline.lock:
                group = backend.autoscaling_groups.get(group_name)
                if group is None:
                    raise not_found(group_name)
                if capacity is None or not group.min_size <= capacity <= group.max_size:
                    side = "above max value" if capacity and capacity > group.max_size else "below min value"
                    limit = group.max_size if "above" in side else group.min_size
                    raise ValidationError(
                        f"New SetDesiredCapacity value {capacity} is {side} {limit} for the AutoScalingGroup.")
                before, group.desired_capacity = group.desired_capacity, capacity
                if capacity > before:
                    self.groups.reasons[group_name] = (
                        f"a user request explicitly set group desired capacity changing the desired capacity from "
                        f"{before} to {capacity}. At {stamp(now())} an instance was started in response to a "
                        f"difference between desired and actual capacity, increasing the capacity from {before} to "
                        f"{capacity}.")
                    self.groups.whole[group_name] = None
                self.world.truth.note("desired", group=group_name, before=before, desired=capacity)

        FakeAutoScalingGroup.set_desired_capacity = set_desired
        AutoScalingBackend.set_desired_capacity = set_desired_capacity

    def _install_launching(self):
        def launch(group, count, propagated_tags):
            from moto.autoscaling.models import ASG_NAME_TAG, InstanceState
            tags = {**propagated_tags, ASG_NAME_TAG: group.name, **group.instance_tags}
            template = {"LaunchTemplateId": group.ec2_launch_template.id} if group.ec2_launch_template else None
            for _ in range(count):
                subnet, zone = self._emptiest(group)
                reservation = group.ec2_backend.run_instances(
                    group.image_id, 1, group.user_data, group.security_groups, instance_type=group.instance_type,
                    tags={"instance": tags}, placement=zone, launch_config=group.launch_config,
                    launch_template=template, is_instance_type_default=False, subnet_id=subnet,
                    associate_public_ip=None)
                instance = reservation.instances[0]
                instance.autoscaling_group = group
                group.instance_states.append(InstanceState(
                    instance, protected_from_scale_in=group.new_instances_protected_from_scale_in))

        FakeAutoScalingGroup.replace_autoscaling_group_instances = launch

    def _emptiest(self, group):
        """The subnet (None without a VPC) and zone with the fewest members; ties by chance, as AWS gives no order."""
        counted = [s.instance for s in group.instance_states if not s.lifecycle_state.startswith("Terminating")]
        chance = self.world.timeline.random.random
        if not group.vpc_zone_identifier:
            zones = group.availability_zones
            return None, min(zones, key=lambda z: (sum(i.placement.zone == z for i in counted), chance()))
        subnets = group.vpc_zone_identifier.split(",")
        chosen = min(subnets, key=lambda s: (sum(i.subnet_id == s for i in counted), chance()))
        return chosen, group.ec2_backend.get_subnet(chosen).availability_zone

    def _install_leaving(self):
        def terminate_instance(backend, instance_id, should_decrement):
            with self.world.timeline.lock:
                group, state = find(backend, instance_id)
                if state.lifecycle_state.startswith("Terminating"):
                    raise AutoscalingClientError(
                        "ScalingActivityInProgress", f"Activity of {instance_id} is in progress.")
                before = group.desired_capacity
                if should_decrement and before <= group.min_size:
                    raise ValidationError(
                        f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without "
                        "replacement will violate group's min size constraint. Either set "
                        "shouldDecrementDesiredCapacity flag to false or lower group's min size.")
                text = f"instance {instance_id} was taken out of service in response to a user request"
                if should_decrement:
                    group.desired_capacity = before - 1
                    text += f", shrinking the capacity from {before} to {before - 1}"
                self.world.truth.note("asg_request", group=group.name, instance=instance_id, decrement=should_decrement)
                self.groups.no_launch_before[group.name] = (
                    time.monotonic() + self.world.timeline.stretched(self.world.settings.notice))
                return self.groups.dismiss(group, self._member(state), f"At {stamp(now())} {text}.")

        def detach_instances(backend, group_name, instance_ids, should_decrement):
            with self.world.timeline.lock:
                group = backend.autoscaling_groups.get(group_name)
                if group is None:
                    raise not_found(group_name)
                leaving = [s for s in group.instance_states if s.instance.id in instance_ids]
                if len(leaving) != len(set(instance_ids)):
                    raise ValidationError(
                        f"The instance {instance_ids} is not part of Auto Scaling group {group_name}.")
                if should_decrement and group.desired_capacity - len(leaving) < group.min_size:
                    raise ValidationError("Detaching these instances would violate the group's min size constraint.")
                return [self._detach(backend, group, s, should_decrement) for s in leaving]

        AutoScalingBackend.terminate_instance = terminate_instance
        AutoScalingBackend.detach_instances = detach_instances
        AutoScalingBackend.delete_auto_scaling_group = lambda backend, group_name: self._delete(backend, group_name)

    def _detach(self, backend, group, state, should_decrement):
        instance, before = state.instance, group.desired_capacity
        text = f"instance {instance.id} was detached in response to a user request"
        if should_decrement:
            group.desired_capacity = before - 1
            text += f", shrinking the capacity from {before} to {before - 1}"
        activity = self.activities.begin(group, f"Detaching EC2 instance: {instance.id}", f"At {stamp(now())} {text}.",
                                         "InProgress", instance)
        self.targets.leave(instance.id, group.target_group_arns)
        group.instance_states = [s for s in group.instance_states if s is not state]
        self.groups.members.pop(instance.id, None)
        self.groups.note_loss(group)
        backend.ec2_backend.delete_tags([instance.id], {"aws:autoscaling:groupName": group.name})
        self.world.truth.note("detached", group=group.name, instance=instance.id, decrement=should_decrement)
        self.world.timeline.after(self.world.settings.ec2_delay, self.activities.end, activity)
        return activity

    def _member(self, state):
        from .groups import Member
        return self.groups.members.setdefault(state.instance.id, Member(state))

    def _delete(self, backend, group_name):
        with self.world.timeline.lock:
            group = backend.autoscaling_groups.pop(group_name, None)
            if group is None:
                raise not_found(group_name)
            for state in group.instance_states:
                self.targets.leave(state.instance.id, group.target_group_arns)
                state.instance.terminate()

    def _install_standby(self):
        enter, leave = AutoScalingBackend.enter_standby_instances, AutoScalingBackend.exit_standby_instances

        def enter_standby(backend, group_name, instance_ids, should_decrement):
            with self.world.timeline.lock:
                result = enter(backend, group_name, instance_ids, should_decrement)
                for instance_id in instance_ids:
                    self.targets.leave(instance_id, backend.autoscaling_groups[group_name].target_group_arns)
                return result

        def exit_standby(backend, group_name, instance_ids):
            with self.world.timeline.lock:
                result = leave(backend, group_name, instance_ids)
                for instance_id in instance_ids:
                    self.targets.join(instance_id, backend.autoscaling_groups[group_name].target_group_arns)
                return result

        AutoScalingBackend.enter_standby_instances = enter_standby
        AutoScalingBackend.exit_standby_instances = exit_standby

    def _install_answers(self):
        activities, settings = self.activities, self.world.settings
        create, update = AutoScalingResponse.create_auto_scaling_group, AutoScalingResponse.update_auto_scaling_group
        health = AutoScalingBackend.set_instance_health

        def describe_scaling_activities(response):
            most = min(response._get_int_param("MaxRecords", activities_module.PAGE), activities_module.PAGE)
            most = min(most, settings.page_size or most)
            try:
                shown, token = activities.page(response._get_param("AutoScalingGroupName"),
                                               response._get_param("ActivityIds", []), most,
                                               response._get_param("NextToken"))
            except ValueError as error:
                raise AutoscalingClientError("InvalidNextToken", f"Invalid nextToken: {error}") from None
            return ActionResult({"Activities": shown, "NextToken": token})

        def remembering_warmup(answer):
            def answered(response):
                result = answer(response)
                warmup = response._get_int_param("DefaultInstanceWarmup")
                if warmup is not None:
                    group = response.autoscaling_backend.autoscaling_groups[response._get_param("AutoScalingGroupName")]
                    group.default_instance_warmup = None if warmup < 0 else warmup
                return result
            return answered

        def set_instance_health(response):
            instance_id, status = response._get_param("InstanceId"), response._get_param("HealthStatus")
            if status not in ("Healthy", "Unhealthy"):
                raise ValidationError("Valid instance health states are: [Healthy, Unhealthy].")
            _, state = find(response.autoscaling_backend, instance_id)
            state.rebound_cause = "user"
            health(response.autoscaling_backend, instance_id, status)
            return EmptyResult()

        AutoScalingResponse.describe_scaling_activities = describe_scaling_activities
        AutoScalingResponse.create_auto_scaling_group = remembering_warmup(create)
        AutoScalingResponse.update_auto_scaling_group = remembering_warmup(update)
        AutoScalingResponse.set_instance_health = set_instance_health


def find(backend, instance_id):
    """The group and moto's state of a member, or AWS's refusal."""
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
