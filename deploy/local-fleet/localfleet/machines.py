# SPDX-License-Identifier: Apache-2.0
"""Machines: the real web server behind each instance that lives in the fleet's network.

A machine is powered on when EC2 launches or starts its instance; after the boot time its nginx is started. It is
powered off, by SIGKILL, the moment EC2 begins to terminate or stop it. nginx runs as one single process (no master and
worker), because a SIGKILL to a master would leave its workers serving: a kill here is the end of the server.
"""
import os
import shutil
import signal

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

CONFIGURATION = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen {address}:{port};
        add_header X-Instance-Id {instance};
        add_header X-Zone {zone};
        location = /health {{ return 200 "ok\\n"; }}
        location / {{ return 200 "served by {instance} in {zone}\\n"; }}
    }}
}}
"""


class Machine:
    def __init__(self, instance_id, address, port, zone):
        self.instance_id, self.address, self.port, self.zone = instance_id, address, port, zone
        self.powered = False
        self.generation = 0        # counts power changes, so that a late boot finds itself overtaken
        self.pid = None
        self.listening = False

    def described(self):
        return {"instance": self.instance_id, "address": self.address, "port": self.port, "zone": self.zone,
                "powered": self.powered, "pid": self.pid, "listening": self.listening}


class Machines:
    LIMIT = 64

    def __init__(self, folder, network, timeline, processes, truth, settings):
        self.folder, self.network, self.timeline = folder, network, timeline
        self.processes, self.truth, self.settings = processes, truth, settings
        self.by_id = {}
        self.on_change = lambda machine, event: None

    def has(self, instance_id):
        return instance_id in self.by_id

    def get(self, instance_id):
        return self.by_id.get(instance_id)

    def add(self, instance_id, address, zone):
        """Gives the instance a machine when its address is in our network; False when it stays on paper."""
        if not self.network.owns(address) or sum(m.powered for m in self.by_id.values()) >= self.LIMIT:
            return False
        self.by_id[instance_id] = Machine(instance_id, address, self.network.web_port, zone)
        return True

    def power_on(self, instance_id):
        machine = self.by_id.get(instance_id)
        if machine is None or machine.powered:
            return
        machine.powered = True
        machine.generation += 1
        self.truth.note("power_on", instance=instance_id)
        self.timeline.after(self.settings.boot, self._boot, machine, machine.generation)

    def power_off(self, instance_id, why):
        """Kills the server now. The truth gets `kill` with the instant just before the signal was sent."""
        machine = self.by_id.get(instance_id)
        if machine is None or not machine.powered:
            return
        machine.powered = False
        machine.generation += 1
        self.truth.note("power_off", instance=instance_id, why=why, pid=machine.pid)
        self.processes.kill(instance_id, signal.SIGKILL)

    def reboot(self, instance_id):
        self.power_off(instance_id, "reboot")
        self.power_on(instance_id)

    def signal(self, instance_id, number):
        """A signal behind AWS's back: a crash (SIGKILL), a hang (SIGSTOP), its end (SIGCONT)."""
        self.processes.kill(instance_id, number)

    def _boot(self, machine, generation):
        if machine.generation != generation:
            return
        if machine.pid is not None:  # the killed server has not been reaped yet: its address is still taken
            self.timeline.after(0.005, self._boot, machine, generation)
            return
        folder = os.path.join(self.folder, machine.instance_id)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(folder=folder, address=machine.address, port=machine.port,
                                            instance=machine.instance_id, zone=machine.zone))
        self.processes.start(
            machine.instance_id, [NGINX, "-p", folder, "-e", f"{folder}/error.log", "-c", path],
            lambda event: self._heard(machine, event), cwd=folder, log=f"{folder}/output.log",
            watch=[machine.address, machine.port])

    def _heard(self, machine, event):
        with self.timeline.lock:
            kind = event["ev"]
            fields = {"instance": machine.instance_id, "pid": event["pid"]}
            if kind == "started":
                machine.pid = event["pid"]
                self.truth.note("process", event["t_ns"], **fields)
                if not machine.powered:  # powered off between the order to start and the start
                    self.processes.kill(machine.instance_id, signal.SIGKILL)
            elif kind == "listening":
                machine.listening = True
                self.truth.note("listening", event["t_ns"], **fields)
            elif kind == "signalled":
                name = {9: "kill", 15: "term", 18: "continue", 19: "freeze"}.get(event["signal"], "signal")
                self.truth.note(name, event["t_ns"], after_ns=event["after_ns"], signal=event["signal"], **fields)
            elif kind == "died":
                machine.pid, machine.listening = None, False
                self.truth.note("death", event["t_ns"], status=event["status"], planned=not machine.powered, **fields)
            self.on_change(machine, event)
