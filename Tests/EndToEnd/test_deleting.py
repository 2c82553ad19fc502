# SPDX-License-Identifier: Apache-2.0
"""Deleting what holds a fault: it is put back first, by whatever way it was deleted."""
import glob
import json
import os
import shutil
import subprocess
import time
import unittest

from controlling import ServiceCase
from driving import LIFETIME, PASS, program
from test_service import stop_one


@unittest.skipIf(shutil.which("kubectl") is None, "no kubectl on this machine; CI has one")
class Deleted(ServiceCase):
    options = ("--standalone=4",)

    def setUp(self):
        super().setUp()
        self.driver, port = self.serving()
        self.config = os.path.join(self.work.name, "config")
        authority = os.path.join(self.work.name, "authority.pem")
        with open(authority, "w") as file:
            file.write(self.caller.authority)
        with open(self.config, "w") as file:
            json.dump({
                "apiVersion": "v1", "kind": "Config", "current-context": "c",
                "clusters": [{"name": "r", "cluster": {
                    "server": f"https://127.0.0.1:{port}", "certificate-authority": authority}}],
                "users": [{"name": "u", "user": {"client-certificate": self.caller.path("certificate.pem"),
                                                 "client-key": self.caller.path("key.pem")}}],
                "contexts": [{"name": "c", "context": {"cluster": "r", "user": "u"}}]}, file)

    def kubectl(self, *words, code=0):
        done = subprocess.run(
            ["kubectl", "--kubeconfig", self.config, "--cache-dir", os.path.join(self.work.name, "cache"), *words],
            text=True, capture_output=True, timeout=LIFETIME, env={**os.environ, "HOME": self.work.name})
        self.assertEqual(done.returncode, code, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def holding(self, name):
        """A run that holds a stopped instance for longer than a test takes, and that instance."""
        run = self.begin(self.declare(stop_one(self, name, "10m")))
        found = self.until_phase(run, "Holding")
        target = found["status"]["injections"][0]["target"]
        self.eventually("it is stopped", lambda: self.state_of(target) == "stopped")
        return run, target

    def was_put_back(self, run, target):
        self.assertNotIn(run, self.runs())
        self.assertEqual(self.state_of(target), "running")
        left = self.caller.ask("GET", self.at("injections"))["items"]
        self.assertEqual([one for one in left if one["spec"]["run"] == run], [])

    def test_kubectl_delete_puts_back_and_then_lets_go(self):
        run, target = self.holding("plain")
        said = self.kubectl("delete", "run", run)
        self.assertIn("it is aborted and puts back what it changed", said)
        self.was_put_back(run, target)
        run, target = self.holding("forced")
        said = self.kubectl("delete", "run", run, "--force", "--grace-period=0", "--wait=false")
        held = self.runs().get(run)
        if held is not None:
            self.assertEqual(held["metadata"]["finalizers"], ["rebound.chaos/undo"])
            self.kubectl("patch", "run", run, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', code=1)
        self.kubectl("wait", f"run/{run}", "--for=delete", "--timeout=60s")
        self.was_put_back(run, target)
        self.assertEqual(len(self.acting_calls("StopInstances")), 2)
        self.assertEqual(len(self.acting_calls("StartInstances")), 2)
        self.prove("kubectl delete, also with --force --grace-period=0: put back, then gone; nothing skips the undo")

    def test_an_injection_a_collection_and_a_namespace(self):
        run, target = self.holding("one")
        injection = self.runs()[run]["status"]["injections"][0]["name"]
        self.kubectl("delete", "injection", injection, "--wait=false")
        done = self.until_phase(run, "Done")
        self.assertEqual((done["status"]["undo"], self.state_of(target)), ("clean", "running"))
        self.assertIn("was deleted", done["status"]["aborted"]["reason"])
        self.kubectl("get", "injection", injection, code=1)
        run, target = self.holding("all")
        self.kubectl("delete", "runs", "--all")
        self.was_put_back(run, target)
        self.prove("an injection that is deleted ends its run and is put back; so does --all")

    def test_rebound_delete_and_the_audit_of_a_server(self):
        run, target = self.holding("own")
        done = self.rebound("delete", "run", run, "--config", self.config)
        self.assertEqual(done.code, PASS, done)
        self.was_put_back(run, target)
        verified = self.rebound("audit", "verify", "-o", "json", "--config", self.config)
        self.assertEqual(verified.code, PASS, verified)
        answer = verified.run
        self.assertTrue(answer["isSound"])
        self.assertEqual(len(answer["keys"]), 1)
        shown = self.rebound("audit", "show", "--config", self.config, "--limit", "2000", "-o", "json", "--object", run)
        acts = [entry["action"] for entry in json.loads(shown.output)]
        self.assertIn("delete", acts)
        self.assertIn("user:", [e for e in json.loads(shown.output) if e["action"] == "delete"][0]["origin"]["actor"])
        self.prove(f"rebound delete waited for the undo; the server's audit of {answer['records']} records is sound")


if __name__ == "__main__":
    unittest.main()
