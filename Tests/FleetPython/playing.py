# SPDX-License-Identifier: Apache-2.0
"""What the fleet's tests share: a fleet with small delays, its clients, and waiting for what really happened."""
import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
FLEET = os.path.join(ROOT, "deploy", "local-fleet", "fleet")
QUICK = ["--ec2-delay=0.1", "--notice=0.1", "--launch=0.1", "--boot=0.05", "--drain=0.15", "--health-interval=0.05"]
LONGEST = 60
PATIENCE = 240


class Unbroken:
    """While this is held, an interrupt waits: what is being started is noted before anybody has to end it."""
    held = waiting = False

    def __enter__(self):
        Unbroken.held = True

    def __exit__(self, *_):
        Unbroken.held = False
        if Unbroken.waiting:
            raise KeyboardInterrupt


def heed_signals(told=lambda: None):
    """From now on SIGINT and SIGTERM unwind the tests once, whatever this process inherited; `told` is called first."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def hear(*_):
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)       # taking down is not to be interrupted
        told()
        if Unbroken.held:
            Unbroken.waiting = True
        else:
            raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, hear)


def fleet(*line, check=True, **more):
    return subprocess.run([sys.executable, FLEET, *line], check=check, text=True, capture_output=True, **more)


class FleetCase(unittest.TestCase):
    """One fleet for all tests of a class; `options` are added to the quick ones.

    The fleet is a child of the tests' process and ends with it, however that ends: `fleet up` would leave one behind
    that was still coming up when the tests were told to end."""
    options = ()
    server = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="fleet-test-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.state = os.path.join(cls.folder.name, "state")
        os.mkdir(cls.state)
        # Registered before the start, so that a fleet that came up half is taken down too; and twice, since an
        # interrupt skips the cleanups of a class.
        cls.addClassCleanup(cls.take_down)
        atexit.register(cls.take_down)
        cls.about = cls.bring_up()
        cls.ec2, cls.groups, cls.balancing = (cls.client(s) for s in ("ec2", "autoscaling", "elbv2"))
        cls.group, cls.arn = cls.about["autoScalingGroup"], cls.about["targetGroupArn"]

    @classmethod
    def bring_up(cls):
        """Starts the fleet, waits until it is whole, and returns its description."""
        reading, writing = os.pipe()
        log = os.path.join(cls.state, "fleet.log")
        with os.fdopen(reading) as answer, open(log, "wb") as output:
            try:
                with Unbroken():
                    cls.server = subprocess.Popen(
                        [sys.executable, FLEET, "serve", f"--state={cls.state}", f"--ready-fd={writing}",
                         f"--parent={os.getpid()}", *QUICK, *cls.options], stdin=subprocess.DEVNULL, stdout=output,
                        stderr=output, pass_fds=[writing], start_new_session=True)
            finally:
                os.close(writing)
            about = json.loads(answer.readline() or "{}")
        if "endpoint" not in about:
            with open(log) as said:
                raise AssertionError(f"the fleet did not come up: {about.get('error')}\n{said.read()[-3000:]}")
        return about

    @classmethod
    def take_down(cls):
        if cls.server is None:
            return
        cls.server.terminate()
        try:
            cls.server.wait(LONGEST)
        except subprocess.TimeoutExpired:
            cls.server.kill()                       # what it started dies with it
            cls.server.wait()

    @classmethod
    def client(cls, service, retries=1, **more):
        return boto3.client(
            service, endpoint_url=cls.about["endpoint"], region_name=cls.about["region"],
            aws_access_key_id=cls.about["accessKeyID"], aws_secret_access_key=cls.about["secretAccessKey"],
            config=Config(retries={"total_max_attempts": retries}, **more))

    def setUp(self):
        self.begun = time.monotonic_ns()

    def control(self, path, method="POST", **query):
        url = f"{self.about['endpoint']}/fleet/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
            return json.load(answer)

    def until(self, event, after=None, **fields):
        """Waits for the truth to hold an event of that name since the test began (or since `after`)."""
        return self.control("wait", "GET", ev=event, after=after or self.begun, timeout=LONGEST, **fields)

    def truth(self, *names):
        """This test's events of these names, in the order they happened."""
        with open(self.about["truthLog"]) as file:
            events = [json.loads(line) for line in file]
        chosen = [e for e in events if e["ev"] in names and e["t_ns"] >= self.begun]
        return sorted(chosen, key=lambda e: e["t_ns"])

    def members(self):
        group = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"][0]
        return group["Instances"]

    def ids(self):
        return [m["InstanceId"] for m in self.members()]

    def health(self, *ids):
        wanted = {"Targets": [{"Id": i} for i in ids]} if ids else {}
        answer = self.balancing.describe_target_health(TargetGroupArn=self.arn, **wanted)
        return {d["Target"]["Id"]: d["TargetHealth"] for d in answer["TargetHealthDescriptions"]}

    def eventually(self, what, holds):
        deadline = time.monotonic() + LONGEST
        while not holds():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)

    def until_whole(self):
        """All members in service and healthy behind the load balancer."""
        def whole():
            members, health = self.members(), self.health()
            wanted = self.about["size"]
            return len(members) == wanted and all(
                m["LifecycleState"] == "InService" and health.get(m["InstanceId"], {}).get("State") == "healthy"
                for m in members) and self.control("state", "GET")["groups"][0]["whole"]
        self.eventually("the group is whole", whole)

    def served_by(self):
        """The instance that answers one request through the load balancer, or the status it answered with."""
        try:
            with urllib.request.urlopen(self.about["loadBalancerURL"], timeout=5) as answer:
                return re.search(r"i-[0-9a-f]+", answer.read().decode()).group()
        except urllib.error.HTTPError as error:
            return error.code

    def answering(self, requests=12):
        """Everyone who answers: the balancer goes round, so each server that takes traffic shows up."""
        return {self.served_by() for _ in range(requests)}

    def process_of(self, instance_id):
        machines = self.control("state", "GET")["machines"]
        return next(m["pid"] for m in machines if m["instance"] == instance_id)


def code_of(refused):
    """The AWS error code of an assertRaises(ClientError) context."""
    return refused.exception.response["Error"]["Code"]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
