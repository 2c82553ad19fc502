# SPDX-License-Identifier: Apache-2.0
"""The real kubectl against the resource API, with no cluster anywhere."""
import json
import os
import subprocess
import tempfile
import unittest

import serving
from serving import experiment, run, run_status


class KubectlTests:
    """The claims, for whichever kubectl a class names."""
    program = None

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()
        cls.home = tempfile.TemporaryDirectory(prefix="rebound-kubectl-")
        for who in serving.PEOPLE:
            cls.server.kubeconfig(who)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.home.cleanup()

    def command(self, words, who):
        config = self.server.path(f"{who}.conf")
        return [self.program, "--kubeconfig", config, "--cache-dir", os.path.join(self.home.name, who), *words]

    def kubectl(self, *words, body=None, who="admin", code=0, editor=None):
        """What was printed; fails unless the command ended with the code."""
        environment = {**os.environ, "HOME": self.home.name, "KUBE_EDITOR": editor or "false"}
        done = subprocess.run(
            self.command(words, who), input=body if body is None or isinstance(body, str) else json.dumps(body),
            text=True, capture_output=True, env=environment, timeout=60)
        self.assertEqual(done.returncode, code, f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def apply(self, document, *words, **more):
        return self.kubectl("apply", "-f", "-", *words, body=document, **more)

    # --- Discovery ---

    def test_every_kind_is_listed(self):
        found = self.kubectl("api-resources", "--no-headers")
        for kind in ("Experiment", "Run", "Injection", "Schedule", "Policy", "Host", "RoleBinding",
                     "ClusterRoleBinding", "Namespace", "Event"):
            self.assertRegex(found, rf"(?m)\b{kind}\s*$")
        self.assertIn("rebound.chaos/v1", self.kubectl("api-versions"))

    def test_every_kind_explains_itself(self):
        self.assertIn("maxTargets", self.kubectl("explain", "experiment.spec.limits"))
        self.assertIn("The most that may be harmed", self.kubectl("explain", "experiment.spec"))
        for plural in ("runs", "injections", "schedules", "policies", "hosts", "rolebindings",
                       "clusterrolebindings", "namespaces"):
            self.assertIn("metadata", self.kubectl("explain", plural, "--recursive"))

    def test_short_names_and_categories(self):
        self.apply(experiment("short"))
        self.assertIn("short", self.kubectl("get", "exp", "short"))
        self.assertIn("short", self.kubectl("get", "rebound", "-o", "name"))

    # --- Writing ---

    def test_apply_creates_changes_and_leaves(self):
        one = experiment("applied", labels={"a": "1", "b": "2"})
        self.assertIn("created", self.apply(one))
        self.assertIn("unchanged", self.apply(one))
        two = experiment("applied", labels={"b": "3"}, minHealthy=5)
        self.assertIn("configured", self.apply(two))
        stored = json.loads(self.kubectl("get", "exp", "applied", "-o", "json"))
        self.assertEqual(stored["metadata"]["labels"], {"b": "3"})
        self.assertEqual(stored["spec"]["limits"]["minHealthy"], 5)
        self.assertEqual(stored["metadata"]["generation"], 2)

    def test_a_misspelt_field_is_refused_with_every_problem(self):
        wrong = experiment("wrong")
        wrong["spec"]["limits"] = {"maxTragets": 1}
        said = self.apply(wrong, code=1)
        self.assertIn("maxTragets", said)
        self.assertIn("minHealthy", said)
        said = self.apply(wrong, "--validate=false", code=1)    # The server's own answer.
        self.assertIn("did you mean maxTargets", said)
        self.assertIn("NotFound", self.kubectl("get", "exp", "wrong", code=1))

    def test_create_makes_names_and_refuses_the_second(self):
        named = experiment("twice")
        self.kubectl("create", "-f", "-", body=named)
        self.assertIn("AlreadyExists", self.kubectl("create", "-f", "-", body=named, code=1))
        named["metadata"] = {"generateName": "made-"}
        self.assertRegex(self.kubectl("create", "-f", "-", body=named), r"made-[a-z0-9]{5} created")

    def test_edit(self):
        self.apply(experiment("edited"))
        self.assertIn("edited", self.kubectl("edit", "exp", "edited", editor="sed -i s/minHealthy:.2/minHealthy:\\ 9/"))
        self.assertEqual(self.kubectl("get", "exp", "edited", "-o", "jsonpath={.spec.limits.minHealthy}"), "9")

    def test_patches(self):
        self.apply(experiment("patched"))
        self.kubectl("patch", "exp", "patched", "--type=merge", "-p", '{"spec":{"limits":{"maxTargets":3}}}')
        self.kubectl("patch", "exp", "patched", "--type=json", "-p",
                     '[{"op":"test","path":"/spec/limits/maxTargets","value":3},'
                     '{"op":"replace","path":"/spec/limits/maxTargets","value":4}]')
        self.assertEqual(self.kubectl("get", "exp", "patched", "-o", "jsonpath={.spec.limits.maxTargets}"), "4")
        said = self.kubectl("patch", "exp", "patched", "-p", '{"spec":{"limits":{"maxTargets":5}}}', code=1)
        self.assertRegex(said, r"(unknown format|not supported)")
        said = self.kubectl("patch", "exp", "patched", "--type=merge", "-p", '{"spec":{"limits":null}}', code=1)
        self.assertIn("spec.limits", said)

    def test_label_and_annotate(self):
        self.apply(experiment("labelled"))
        self.kubectl("label", "exp", "labelled", "tier=front")
        self.assertIn("labelled", self.kubectl("get", "exp", "-l", "tier=front,team in (web,db)", "-o", "name"))
        self.kubectl("label", "exp", "labelled", "tier-", "team-")
        self.assertNotIn("labelled", self.kubectl("get", "exp", "-l", "tier", "-o", "name"))
        self.kubectl("annotate", "exp", "labelled", "rebound.chaos/reason=an exercise")
        self.assertIn("an exercise", self.kubectl("describe", "exp", "labelled"))

    def test_a_stale_version_is_a_conflict(self):
        self.apply(experiment("raced"))
        stale = json.loads(self.kubectl("get", "exp", "raced", "-o", "json"))
        self.kubectl("label", "exp", "raced", "a=b")
        stale["spec"]["limits"]["minHealthy"] = 7
        self.assertIn("Conflict", self.kubectl("replace", "-f", "-", body=stale, code=1))

    def test_diff_and_server_dry_run_write_nothing(self):
        self.apply(experiment("same"))
        self.kubectl("diff", "-f", "-", body=experiment("same"))
        self.assertIn("minHealthy: 8", self.kubectl("diff", "-f", "-", body=experiment("same", minHealthy=8), code=1))
        self.apply(experiment("same", minHealthy=8), "--dry-run=server")
        self.apply(experiment("never"), "--dry-run=server")
        self.assertEqual(self.kubectl("get", "exp", "same", "-o", "jsonpath={.spec.limits.minHealthy}"), "2")
        self.kubectl("get", "exp", "never", code=1)

    def test_server_side_apply_is_refused_with_a_way_out(self):
        self.assertIn("without --server-side", self.apply(experiment("ssa"), "--server-side", code=1))

    # --- Reading ---

    def test_get_in_every_form(self):
        for name in ("page-1", "page-2", "page-3", "page-4", "page-5"):
            self.apply(experiment(name, labels={"set": "pages"}))
        table = self.kubectl("get", "exp", "-l", "set=pages", "--chunk-size=2")
        self.assertRegex(table.splitlines()[0], r"NAME +FAULTS +MAX TARGETS +LAST RUN +LAST VERDICT +AGE")
        self.assertEqual(len(table.splitlines()), 6)
        self.assertIn("It holds.", self.kubectl("get", "exp", "page-1", "-o", "wide"))
        self.assertIn("kind: Experiment", self.kubectl("get", "exp", "page-1", "-o", "yaml"))
        self.assertIn("page-3", self.kubectl("get", "exp", "-A", "--field-selector=metadata.name=page-3"))
        self.assertIn("pages", self.kubectl("get", "exp", "-L", "set"))
        self.assertIn("field label not supported", self.kubectl("get", "exp", "--field-selector=spec.x=1", code=1))

    def test_get_and_watch(self):
        self.apply(experiment("watched"))
        words = ("get", "exp", "watched", "-w", "-o", "jsonpath={.spec.limits.minHealthy}{\"\\n\"}")
        watch = subprocess.Popen(self.command(words, "admin"), text=True, stdout=subprocess.PIPE,
                                 env={**os.environ, "HOME": self.home.name})
        try:
            self.assertEqual(watch.stdout.readline(), "2\n")
            self.kubectl("patch", "exp", "watched", "--type=merge", "-p", '{"spec":{"limits":{"minHealthy":6}}}')
            self.assertEqual(watch.stdout.readline(), "6\n")
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()

    def test_wait_and_describe_show_what_a_run_did(self):
        self.apply(run("told"))
        condition = {"type": "Recovered", "status": "True", "reason": "Held", "message": "m",
                     "lastTransitionTime": "2026-11-24T10:00:00Z"}
        event = {"at": "2026-11-24T10:00:00Z", "type": "injected", "subject": "i-1", "message": "terminated"}
        status = run_status("Holding", conditions=[condition], timeline=[event])
        self.server.report("told", status)
        self.kubectl("wait", "run", "told", "--for=condition=Recovered", "--timeout=20s")
        told = self.kubectl("describe", "run", "told")
        self.assertRegex(told, r"Normal +Injected .* i-1: terminated")
        self.assertIn("Injected", self.kubectl("get", "events"))
        self.assertRegex(self.kubectl("get", "runs", "told"), r"told +exp +Holding")
        self.assertIn("told", self.kubectl("get", "runs", "--field-selector=status.phase=Holding", "-o", "name"))
        self.assertEqual(self.kubectl("get", "run", "told", "-o", "jsonpath={.spec.requestedBy}"), "admin")

    def test_events_are_followed(self):
        self.apply(run("followed"))
        told = [{"at": f"2026-11-24T10:00:0{n}Z", "type": "phase", "message": f"m{n}"} for n in range(2)]
        self.server.report("followed", run_status("Holding", timeline=told[:1]))
        words = ("get", "events", "-w", "--field-selector=involvedObject.name=followed",
                 "-o", "jsonpath={.message}{\"\\n\"}")
        watch = subprocess.Popen(self.command(words, "admin"), text=True, stdout=subprocess.PIPE,
                                 env={**os.environ, "HOME": self.home.name})
        try:
            self.assertEqual(watch.stdout.readline(), "m0\n")
            self.server.report("followed", run_status("Done", timeline=told))
            self.assertEqual(watch.stdout.readline(), "m1\n")
        finally:
            watch.kill()
            watch.wait()
            watch.stdout.close()

    # --- Deleting ---

    def test_delete(self):
        for name in ("gone-1", "gone-2", "gone-3"):
            self.apply(experiment(name, labels={"set": "gone"}))
        self.kubectl("delete", "exp", "gone-1")
        self.kubectl("delete", "exp", "-l", "set=gone", "--wait=true")
        self.assertIn("No resources found", self.kubectl("get", "exp", "-l", "set=gone"))
        self.assertIn("NotFound", self.kubectl("delete", "exp", "gone-1", code=1))

    def test_a_finalizer_holds_what_is_deleted(self):
        held = experiment("held")
        held["metadata"]["finalizers"] = ["example.com/cleaning"]
        self.apply(held)
        delete = subprocess.Popen(self.command(("delete", "exp", "held"), "admin"), stdout=subprocess.DEVNULL,
                                  env={**os.environ, "HOME": self.home.name})
        try:
            for event in self.server.stream(
                    "/apis/rebound.chaos/v1/namespaces/default/experiments?watch=1&fieldSelector=metadata.name%3Dheld"):
                if "deletionTimestamp" in event["object"]["metadata"]:
                    break
            self.assertIn("deletionTimestamp", self.kubectl("get", "exp", "held", "-o", "yaml"))
            self.assertIsNone(delete.poll())
            self.kubectl("patch", "exp", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
            self.assertEqual(delete.wait(timeout=20), 0)
        finally:
            delete.kill()
            delete.wait()
        self.kubectl("get", "exp", "held", code=1)

    def test_namespaces(self):
        self.assertIn('namespaces "nowhere" not found', self.apply(experiment("x"), "-n", "nowhere", code=1))
        self.kubectl("create", "namespace", "team")
        self.apply(experiment("x"), "-n", "team")
        labelled = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": {"of": "web"}}}
        self.apply(labelled)
        self.assertIn("unchanged", self.apply(labelled))
        self.assertRegex(self.kubectl("get", "ns", "-l", "of=web"), r"team +Active")
        self.kubectl("delete", "namespace", "team")
        self.assertIn("NotFound", self.kubectl("get", "exp", "x", "-n", "team", code=1))
        self.assertIn("may not be deleted", self.kubectl("delete", "namespace", "default", code=1))

    # --- Who may ---

    def test_can_i_answers_truly(self):
        self.assertIn("yes", self.kubectl("auth", "can-i", "create", "experiments"))
        self.assertIn("yes", self.kubectl("auth", "can-i", "get", "runs", "--subresource=status"))
        self.assertIn("no", self.kubectl("auth", "can-i", "patch", "runs", "--subresource=status", code=1))
        self.assertIn("no", self.kubectl("auth", "can-i", "list", "experiments", who="vera", code=1))
        self.assertIn("Forbidden", self.kubectl("get", "exp", who="vera", code=1))
        self.kubectl("create", "namespace", "hers")
        binding = {"apiVersion": "rebound.chaos/v1", "kind": "RoleBinding",
                   "metadata": {"name": "vera", "namespace": "hers"},
                   "spec": {"role": "planner", "subjects": [{"kind": "User", "name": "vera"}]}}
        self.apply(binding)
        self.assertIn("yes", self.kubectl("auth", "can-i", "list", "experiments", "-n", "hers", who="vera"))
        self.apply(experiment("mine"), "-n", "hers", who="vera")
        self.assertIn("mine", self.kubectl("get", "exp", "-n", "hers", who="vera"))
        self.assertIn("Forbidden", self.apply(run(), "-n", "hers", who="vera", code=1))
        self.assertIn("Forbidden", self.kubectl("get", "exp", "-A", who="vera", code=1))
        rules = self.kubectl("auth", "can-i", "--list", "-n", "hers", who="vera")
        self.assertIn("experiments.rebound.chaos", rules)
        self.kubectl("delete", "rolebinding", "vera", "-n", "hers")
        self.assertIn("no", self.kubectl("auth", "can-i", "list", "experiments", "-n", "hers", who="vera", code=1))


def add_classes():
    """One class for each kubectl, so that they run beside each other."""
    for number, program in enumerate(serving.kubectls()):
        name = f"Kubectl{number}"
        made = type(name, (KubectlTests, unittest.TestCase), {"program": program, "__doc__": program})
        made.__module__ = __name__
        globals()[name] = made


class KubectlIsHere(unittest.TestCase):
    def test_there_is_a_kubectl_to_test_with(self):
        self.assertTrue(serving.kubectls(), "scripts/setup installs Debian's kubernetes-client")


add_classes()

if __name__ == "__main__":
    unittest.main()
