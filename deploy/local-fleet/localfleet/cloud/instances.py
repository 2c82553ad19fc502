# SPDX-License-Identifier: Apache-2.0
"""EC2: states take time, illegal changes of state are refused as AWS refuses them, and machines follow the states."""
import copy

from moto.ec2.exceptions import EC2ClientError, OperationNotPermitted4
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.utils import filter_dict_attribute_mapping

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


class IncorrectState(EC2ClientError):
    """AWS: "EC2 API error codes", IncorrectInstanceState and IncorrectState."""

    def __init__(self, code, instance_id, wanted):
        super().__init__(code, f"The instance '{instance_id}' is not in a state from which it can be {wanted}.")


class Instances:
    """Puts time into moto's instances. `world` has timeline, truth, machines, settings."""

    def __init__(self, world):
        self.world = world
        self.on_gone = lambda instance: None         # an instance has become `terminated`
        self._changes = {}                           # instance id -> number of its latest change of state

    def install(self):
        moto_start, moto_stop, moto_terminate = Instance.start, Instance.stop, Instance.terminate
        moto_run, world = InstanceBackend.run_instances, self.world
        # moto compares the zones of the filter with the whole placement, so that none ever matches.
        filter_dict_attribute_mapping["availability-zone"] = "placement.zone"

        def start(instance):
            before = self._pass_through(instance, moto_start, "pending")
            world.machines.power_on(instance.id)
            return before

        def stop(instance):
            before = self._pass_through(instance, moto_stop, "stopping")
            world.machines.power_off(instance.id, "StopInstances")
            return before

        def terminate(instance):
            if instance.state in ("shutting-down", "terminated"):
                return copy.copy(instance._state)
            before = self._pass_through(instance, moto_terminate, "shutting-down")
            world.machines.power_off(instance.id, "TerminateInstances")
            return before

        def reboot(instance):
            world.truth.note("reboot", instance=instance.id)
            world.machines.reboot(instance.id)

        def run_instances(backend, *arguments, **keywords):
            with world.timeline.lock:
                reservation = moto_run(backend, *arguments, **keywords)
                for instance in reservation.instances:
                    world.truth.note("launch", instance=instance.id, zone=instance.placement.zone,
                                     address=instance.private_ip)
                    self._set(instance, "pending")
                    self._settle_later(instance, "running")
                    if world.machines.add(instance.id, instance.private_ip, instance.placement.zone):
                        world.machines.power_on(instance.id)
            return reservation

        Instance.start, Instance.stop, Instance.terminate, Instance.reboot = start, stop, terminate, reboot
        EC2Backend.run_instances = run_instances
        self._install_refusals()

    def _install_refusals(self):
        """AWS looks at every id before it acts on any."""
        rules = {
            "start_instances": ("IncorrectInstanceState", "started", {"stopped", "pending", "running"}),
            "stop_instances": ("IncorrectInstanceState", "stopped", {"running", "stopping", "stopped", "pending"}),
            "reboot_instances": ("IncorrectState", "rebooted", {"running", "pending"}),
        }
        for name, (code, wanted, allowed) in rules.items():
            setattr(EC2Backend, name, self._refusing(getattr(InstanceBackend, name), code, wanted, allowed))
        moto_terminate = InstanceBackend.terminate_instances

        def terminate_instances(backend, instance_ids):
            with self.world.timeline.lock:
                ids = list(dict.fromkeys(instance_ids))
                for instance in backend.get_multi_instances_by_id(ids):
                    if instance.disable_api_termination is True:
                        raise OperationNotPermitted4(instance.id)
                return moto_terminate(backend, ids)

        EC2Backend.terminate_instances = terminate_instances

    def _refusing(self, moto_action, code, wanted, allowed):
        def act(backend, instance_ids):
            with self.world.timeline.lock:
                for instance in backend.get_multi_instances_by_id(instance_ids):
                    if instance.state not in allowed:
                        raise IncorrectState(code, instance.id, wanted)
                return moto_action(backend, instance_ids)
        return act

    def _pass_through(self, instance, moto_change, by_way_of):
        """Lets moto change the state, then shows `by_way_of` for a while. Returns the state before, as moto does."""
        with self.world.timeline.lock:
            before = moto_change(instance)
            final = instance.state
            instance._reason = instance._reason.replace(" UTC)", " GMT)")       # as AWS writes it
            if before.name in (final, by_way_of):    # nothing to do: it is there, or on its way there
                self._set(instance, before.name)
                return before
            self._set(instance, by_way_of)
            self.world.truth.note("state", instance=instance.id, state=by_way_of, before=before.name)
            self._settle_later(instance, final)
            return before

    def _settle_later(self, instance, state):
        number = self._changes[instance.id] = self._changes.get(instance.id, 0) + 1
        self.world.timeline.after(self.world.settings.ec2_delay, self._settle, instance, state, number)

    def _settle(self, instance, state, number):
        if self._changes[instance.id] != number:
            return
        self._set(instance, state)
        self.world.truth.note("state", instance=instance.id, state=state)
        if state == "running":
            self.world.machines.power_on(instance.id)
        elif state == "terminated":
            self.on_gone(instance)

    @staticmethod
    def _set(instance, state):
        instance._state.name, instance._state.code = state, CODES[state]
