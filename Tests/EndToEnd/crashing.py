# SPDX-License-Identifier: Apache-2.0
"""What the crash tests share: an experiment that is over quickly, and what must hold whenever its driver died."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "Tests", "FleetPython"))
from playing import FleetCase  # noqa: E402

PRODUCTS = os.environ.get("REBOUND_PRODUCTS", os.path.join(ROOT, ".build", "debug"))
LIFETIME = 60

EXPERIMENT = """
apiVersion: rebound.chaos/v1
kind: Experiment
metadata: {{ name: crash }}
spec:
  hypothesis: Whoever drives this may die at any moment.
  baseline: {{ holdFor: 200ms, giveUpAfter: 30s }}
  steadyState:
    - name: storefront
      http: {{ url: "{url}", status: 200, timeout: 300ms }}
      every: 20ms
      failureThreshold: 1
      successThreshold: 3
    - name: capacity
      autoScalingGroup: {{ name: web, inService: desired, region: eu-west-1 }}
      every: 100ms
      failureThreshold: 1
      successThreshold: 1
  faults:
{faults}
  limits: {{ maxTargets: 2, minHealthy: 1 }}
  recovery: {{ stableFor: 300ms, giveUpAfter: 20s }}
  reports:
    - sns: {{ topicArn: "{topic}" }}
"""

TERMINATE = """
    - name: lose-one
      ec2: { action: terminate }
      targets:
        instances: { region: eu-west-1, tags: { app: web }, autoScalingGroup: web }
        pick: { count: 1 }
"""

DEREGISTER = """
    - name: take-out
      elb: { action: deregister }
      targets:
        instances: { region: eu-west-1, tags: { app: web }, autoScalingGroup: web, targetGroup: web }
        pick: { count: 1 }
      duration: 300ms
"""


class CrashCase(FleetCase):
    """One driver after the other on one store, until the run is done."""
    faults = TERMINATE

    def setUp(self):
        super().setUp()
        self.until_whole()
        self.work = tempfile.TemporaryDirectory(prefix="crash-")
        self.addCleanup(self.work.cleanup)
        self.manifest = os.path.join(self.work.name, "experiment.yaml")
        with open(self.manifest, "w") as file:
            file.write(EXPERIMENT.format(
                url=self.about["loadBalancerURL"], topic=self.about["topicArn"], faults=self.faults.strip("\n")))

    def drive(self, store, *more, endpoint=None):
        """One life of a driver: how it ended, what it printed, what it said."""
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.work.name, "AWS_REGION": self.about["region"],
            "AWS_ENDPOINT_URL": endpoint or self.about["endpoint"],
            "AWS_ACCESS_KEY_ID": self.about["accessKeyID"],
            "AWS_SECRET_ACCESS_KEY": self.about["secretAccessKey"],
        }
        return subprocess.run(
            [os.path.join(PRODUCTS, "crash-runner"), self.manifest, store, *more], env=environment, text=True,
            capture_output=True, timeout=LIFETIME)

    def acted(self, *actions):
        """Who was acted on, as AWS saw it: instance ids of calls that were no dry run."""
        found = []
        for call in self.truth("api"):
            if call["action"] not in actions or call["dry_run"]:
                continue
            found += [value for key, value in call["parameters"].items() if ".Id" in key or "InstanceId" in key]
        return found

    def events(self, run):
        """The events of the run that arrived at the topic's subscriber, by id."""
        found = {}
        with open(self.about["subscriberLog"]) as file:
            for line in file:
                body = json.loads(line).get("body", {})
                body = json.loads(body) if isinstance(body, str) else body
                message = json.loads(body["Message"]) if "Message" in body else {}
                if message.get("run", {}).get("name") == run:
                    found.setdefault(message["event"], set()).add(message["id"])
        return found

    def check(self, done, where):
        """What must hold of the finished run, asked of the world."""
        status = done["status"]
        self.assertEqual(status["phase"], "Done", where)
        self.assertIn(status["verdict"], ("pass", "inconclusive"), f"{where}: {status['verdictReasons']}")
        self.assertNotEqual(status["undo"], "dirty", where)
        self.eventually(
            f"{where}: every event arrives",
            lambda: {"planned", "aboutToInject", "injected", "verdict"} <= set(self.events(done["metadata"]["name"])))
        for event, ids in self.events(done["metadata"]["name"]).items():
            self.assertEqual(len(ids), 1, f"{where}: {event} has one id over all attempts")
        self.until_whole()
