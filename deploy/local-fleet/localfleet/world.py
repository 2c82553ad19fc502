# SPDX-License-Identifier: Apache-2.0
"""One fleet, put together: moto with its missing parts, the real processes, and what a client needs to know of them."""
import email.utils
import json
import os
import shutil
import socket
import sys
import threading

from .balancer import HAPROXY, Balancer
from .faults import Faults
from .machines import NGINX, Machines
from .network import Network
from .policy import Policy
from .processes import Processes
from .subscriber import Subscriber
from .timeline import Timeline
from .truth import Journal

ACCOUNT = "123456789012"


class World:
    def __init__(self, folder, settings, throttle=(), fail=()):
        """Claims addresses and starts the keeper; call on the main thread (the keeper lives as long as it does)."""
        for tool, package in ((NGINX, "nginx-light"), (HAPROXY, "haproxy")):
            if not (shutil.which(tool) and os.access(tool, os.X_OK)):
                raise RuntimeError(f"{tool} is missing. Run `make setup`, or install Debian's package {package}.")
        self.folder, self.settings, self.account = folder, settings, ACCOUNT
        self.function_error = None
        self.policy, self.given_policy = None, None
        if settings.iam:
            with open(settings.iam) as file:
                self.given_policy = json.load(file)
            self.policy = Policy(self.given_policy)
        self.described = {}
        self.processes = Processes()
        self.network = Network()
        self.timeline = Timeline(settings.jitter, settings.seed or None)
        self.truth = Journal(os.path.join(folder, "truth.jsonl"))
        self.invocations = Journal(os.path.join(folder, "lambda.jsonl"))
        self.faults = Faults(settings, throttle, fail)
        self.subscriber = Subscriber(self.network.subscriber_host, Journal(os.path.join(folder, "subscriber.jsonl")))
        self.machines = Machines(os.path.join(folder, "machines"), self.network, self.timeline, self.processes,
                                 self.truth, settings)
        self.balancer = Balancer(os.path.join(folder, "balancer"), self.network.balancer_host, self.network.web_port,
                                 self.processes, self.truth, settings)
        self.machines.on_change = self._machine_changed
        self._mend_moto()

    def _mend_moto(self):
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a thousand images nobody here asks for
        from .cloud import paging, signatures
        from .cloud.activities import Activities
        from .cloud.group_api import GroupAPI
        from .cloud.groups import Groups
        from .cloud.instances import Instances
        from .cloud.notices import Notices
        from .cloud.targets import Targets
        self.activities = Activities(self.truth, self.settings)
        self.targets = Targets(self, self.balancer)
        self.groups = Groups(self, self.activities, self.targets)
        self.instances = Instances(self)
        self.instances.on_gone = self.targets.gone
        for part in (self.instances, self.targets, GroupAPI(self, self.groups, self.activities, self.targets),
                     Notices(self.truth)):
            part.install()
        paging.install(self.settings)
        signatures.install()

    def backend(self, service):
        from .operator import REGION
        import moto.backends
        return moto.backends.get_backend(service)[self.account][REGION]

    def function_names(self):
        import moto.awslambda_simple.models as simple
        from .operator import REGION
        backend = simple.lambda_simple_backends[self.account][REGION]
        return {function.function_name for function in backend.list_functions()}

    def _machine_changed(self, machine, event):
        if event["ev"] == "died":
            self.groups.note_death(machine.instance_id, event["t_ns"])

    def open(self):
        """Serves the API, starts haproxy and everything else; returns the description when the fleet is whole."""
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from . import operator as setup
        from .cloud.targets import wait_healthy
        application = DomainDispatcherApplication(create_backend_app)
        self.processes.listen()
        self.timeline.start()
        self.subscriber.open()
        self.balancer.start()
        operator = setup.Operator(application)
        described = setup.provision(operator, self.network, self.settings, self.subscriber.url)
        if not self.balancer.ready.wait(5):
            raise RuntimeError(f"haproxy did not start: see {self.folder}/balancer/output.log")
        self.balancer.watch()
        self.targets.adopt(described["targetGroupArn"], self.network.web_port)
        never, self.settings.never = self.settings.never, False      # the first launches are no replacements
        self.groups.start()
        setup.make_group(operator, described, self.settings)
        described["standalone"] = setup.make_standalone(operator, described, self.settings.standalone)
        key, secret = setup.make_user(operator, self.given_policy)
        if self.given_policy:
            setup.switch_access_checks_on(operator)
        self._serve(application)
        self._describe(described, key, secret)
        longest = 20 + 3 * (self.settings.boot + self.settings.launch + self.settings.ec2_delay)
        if not wait_healthy(self.targets, self.settings.size + self.settings.standalone, longest):
            raise RuntimeError(f"the fleet was not whole after {longest:.0f} s; see {self.folder}/truth.jsonl")
        self.settings.never = never
        self.truth.note("ready", endpoint=self.endpoint)
        return self.described

    def _serve(self, application):
        from werkzeug.serving import WSGIRequestHandler, make_server
        from .control import Control
        from .front import Front

        faults = self.faults

        class Handler(WSGIRequestHandler):
            def log(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return email.utils.format_datetime(faults.now(), usegmt=True)

        self.server = make_server("127.0.0.1", self.settings.port, Front(application, self, Control(self)),
                                  threaded=True, request_handler=Handler)
        self.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.port}"

    def _describe(self, described, key, secret):
        described |= {
            "endpoint": self.endpoint, "accessKeyID": key, "secretAccessKey": secret, "pid": os.getpid(),
            "network": self.network.cidr, "loadBalancerURL": self.balancer.url,
            "queueURL": f"{self.endpoint}/{self.account}/{described['queueName']}",
            "subscriberURL": self.subscriber.url, "truthLog": self.truth.path, "state": self.folder,
            "subscriberLog": self.subscriber.journal.path, "lambdaLog": self.invocations.path,
        }
        self.described = described

    def state(self):
        with self.timeline.lock:
            groups = [{
                "name": g.name, "desired": g.desired_capacity, "whole": bool(self.groups.whole.get(g.name)),
                "suspended": sorted(g._suspended_processes),
                "members": [{"instance": s.instance.id, "lifecycle": s.lifecycle_state, "health": s.health_status,
                             "state": s.instance.state} for s in g.instance_states],
            } for g in self.backend("autoscaling").autoscaling_groups.values()]
            targets = {i: {"healthy": self.targets.judged_healthy(i), "draining": t.draining, "detail": t.detail}
                       for i, t in self.targets.known.items()}
        return {"fleet": self.described, "settings": vars(self.settings), "groups": groups, "targets": targets,
                "machines": [m.described() for m in self.machines.by_id.values()]}

    def close(self):
        """Ends every process of the fleet; returns when they are gone."""
        self.processes.on_keeper_death = lambda: None
        self.timeline.stop()
        self.processes.close()
        self.truth.note("down")
        sys.stdout.flush()
