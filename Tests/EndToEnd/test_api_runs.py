# SPDX-License-Identifier: Apache-2.0
"""What is done to runs, and what the resource API says of itself."""
import json
import unittest

import openapi_schema_validator
import openapi_spec_validator
import serving
from serving import experiment, run, run_status

GROUP = "/apis/rebound.chaos/v1"
IN_DEFAULT = f"{GROUP}/namespaces/default"


class Runs(unittest.TestCase):
    """What is done to runs beyond reading and writing them."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()
        cls.write("POST", f"{IN_DEFAULT}/experiments", experiment(), 201)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    @classmethod
    def write(cls, method, path, body, code, **more):
        got, document = cls.server.request(method, path, body, **more)
        assert got == code, (method, path, got, document)
        return document

    def test_an_experiment_is_run_and_the_run_aborted_with_a_reason(self):
        made = self.write("POST", f"{IN_DEFAULT}/experiments/exp/run", {"seed": 5, "reason": "a try"}, 201)
        self.assertEqual((made["kind"], made["spec"]["requestedBy"], made["spec"]["reason"]), ("Run", "admin", "a try"))
        path = f"{IN_DEFAULT}/runs/{made['metadata']['name']}"
        self.write("POST", f"{path}/abort", {}, 400)
        ended = self.write("POST", f"{path}/abort", {"reason": "enough"}, 200)
        self.assertEqual((ended["spec"]["abort"]["requestedBy"], ended["spec"]["abort"]["reason"]), ("admin", "enough"))
        self.write("POST", f"{path}/approve", {}, 409)
        self.write("POST", f"{IN_DEFAULT}/runs/none/abort", {"reason": "x"}, 404)
        self.write("POST", f"{path}/abort", {"raeson": "x"}, 400)

    def test_a_run_is_written_once(self):
        forged = run("once")
        forged["spec"]["requestedBy"] = "somebody else"
        made = self.write("POST", f"{IN_DEFAULT}/runs", forged, 201)
        self.assertEqual(made["spec"]["requestedBy"], "admin")
        merge = {"Content-Type": "application/merge-patch+json"}
        refused = self.write("PATCH", f"{IN_DEFAULT}/runs/once", {"spec": {"seed": 8}}, 422, headers=merge)
        self.assertEqual(refused["details"]["causes"][0]["field"], "spec")
        labels = {"metadata": {"labels": {"a": "b"}}}
        refused = self.write("PATCH", f"{IN_DEFAULT}/runs/once", labels, 422, headers=merge)
        self.assertEqual(refused["details"]["causes"][0]["field"], "metadata.labels")
        self.write("PATCH", f"{IN_DEFAULT}/runs/once", {"metadata": {"annotations": {"a": "b"}}}, 200, headers=merge)

    def test_status_and_spec_have_different_writers(self):
        self.write("POST", f"{IN_DEFAULT}/runs", {**run("parts"), "status": run_status("Done")}, 201)
        path = f"{IN_DEFAULT}/runs/parts"
        got = self.write("GET", path, None, 200)
        self.assertNotIn("status", got)
        forged = {**got, "status": run_status("Done", verdict="pass", undo="clean")}
        refused = self.write("PUT", f"{path}/status", forged, 403)
        self.assertEqual(refused["details"]["causes"][0]["field"], "status")
        self.assertIn("POST to its abort", refused["message"])
        merge = {"Content-Type": "application/merge-patch+json"}
        self.write("PATCH", f"{path}/status", {"status": forged["status"]}, 403, headers=merge)
        self.server.report("parts", run_status("Baseline"))
        got = self.write("GET", path, None, 200)
        self.assertEqual((got["status"]["phase"], got["metadata"]["generation"]), ("Baseline", 1))
        got["metadata"]["labels"] = {"a": "b"}
        got["status"]["phase"] = "Done"
        self.assertEqual(self.write("PUT", path, got, 200)["status"]["phase"], "Baseline")

    def test_a_run_under_way_stays_until_it_is_done_and_holds_its_namespace(self):
        place = f"{GROUP}/namespaces/busy"
        self.write("POST", "/api/v1/namespaces",
                   {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "busy"}}, 201)
        self.write("POST", f"{place}/runs", run("held"), 201)
        merge = {"Content-Type": "application/merge-patch+json"}
        path = f"{place}/runs/held"
        self.server.report("held", run_status("Holding"), namespace="busy")
        going = self.write("DELETE", path, {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}, 200)
        self.assertEqual(going["metadata"]["finalizers"], ["rebound.chaos/undo"])
        self.assertIn("deletionTimestamp", going["metadata"])
        self.write("DELETE", f"{place}/runs", None, 200)
        for finalizers in (None, [], ["example.com/mine"]):
            bare = {"metadata": {"finalizers": finalizers}}
            self.write("PATCH", path, bare, 422, headers=merge)
        owner = {"metadata": {"ownerReferences": [{"kind": "Experiment", "name": "x", "uid": "y"}]}}
        self.write("PATCH", path, owner, 422, headers=merge)
        self.assertEqual(self.write("DELETE", "/api/v1/namespaces/busy", None, 200)["status"]["phase"], "Terminating")
        self.write("POST", f"{place}/experiments", experiment("late"), 403)
        watch = self.server.stream("/api/v1/namespaces?watch=1&fieldSelector=metadata.name%3Dbusy")
        self.assertEqual(next(watch)["object"]["status"]["phase"], "Terminating")
        self.write("GET", path, None, 200)
        self.server.report("held", run_status("Done"), namespace="busy")
        self.assertEqual(next(watch)["type"], "DELETED")
        watch.close()
        self.write("GET", path, None, 404)

    def test_a_schedule_that_could_never_come_is_refused_with_its_cause(self):
        schedule = {"apiVersion": "rebound.chaos/v1", "kind": "Schedule", "metadata": {"name": "never"},
                    "spec": {"experiment": "exp", "timeZone": "Europe/Madird", "cron": "30 9 30 2 *"}}
        refused = self.write("POST", f"{IN_DEFAULT}/schedules", schedule, 422)
        causes = {cause["field"]: cause["message"] for cause in refused["details"]["causes"]}
        self.assertEqual(set(causes), {"spec.timeZone", "spec.cron"})
        self.assertIn("did you mean Europe/Madrid?", causes["spec.timeZone"])
        self.assertIn("never comes", causes["spec.cron"])
        schedule["spec"].update(timeZone="Europe/Madrid", cron="30 9 29 2 *")
        self.write("POST", f"{IN_DEFAULT}/schedules", schedule, 201)
        merge = {"Content-Type": "application/merge-patch+json"}
        path = f"{IN_DEFAULT}/schedules/never"
        self.write("PATCH", path, {"spec": {"timeZone": "Nowhere/Atall"}}, 422, headers=merge)

    def test_streams_and_reports(self):
        self.write("POST", f"{IN_DEFAULT}/runs", run("read"), 201)
        path = f"{IN_DEFAULT}/runs/read"
        code, lines = self.server.request("GET", f"{path}/observations", raw=True)
        self.assertEqual((code, lines.decode().splitlines()), (200, ['{"slot":1}', '{"slot":2}', '{"slot":3}']))
        self.assertEqual(self.write("GET", f"{path}/report", None, 200)["metadata"]["name"], "read")
        self.assertEqual(self.server.request("GET", f"{path}/report?format=text", raw=True), (200, b"run read\n"))
        self.write("GET", f"{path}/report?format=pdf", None, 400)

    def test_every_write_is_in_the_audit_with_who_and_why(self):
        reasoned = experiment("reasoned")
        reasoned["metadata"]["annotations"] = {"rebound.chaos/reason": "because"}
        self.write("POST", f"{IN_DEFAULT}/experiments", reasoned, 201)
        items = self.write("GET", f"{GROUP}/audit?limit=1000", None, 200)["items"]
        records = [json.loads(one["record"]) for one in items]
        mine = [one for one in records if one["object"] == "Experiment/default/reasoned"]
        self.assertEqual([one["origin"]["actor"] for one in mine], ["user:admin"])
        self.assertEqual(mine[0]["origin"]["reason"], "because")
        self.write("GET", f"{GROUP}/audit", None, 403, who="vera")
        self.write("GET", "/metrics", None, 403, who="vera")

    def test_deletion_keeps_to_preconditions_and_propagation(self):
        owner = self.write("POST", f"{IN_DEFAULT}/experiments", experiment("owner"), 201)
        for name in ("owned-1", "owned-2"):
            owned = experiment(name)
            owned["metadata"]["ownerReferences"] = [{
                "apiVersion": "rebound.chaos/v1", "kind": "Experiment", "name": "owner",
                "uid": owner["metadata"]["uid"]}]
            self.write("POST", f"{IN_DEFAULT}/experiments", owned, 201)
        path = f"{IN_DEFAULT}/experiments/owner"
        self.write("DELETE", path, {"preconditions": {"uid": "another"}}, 409)
        self.write("DELETE", f"{path}?dryRun=All", None, 200)
        self.write("DELETE", path, {"propagationPolicy": "Orphan"}, 200)
        left = self.write("GET", f"{IN_DEFAULT}/experiments/owned-1", None, 200)
        self.assertNotIn("ownerReferences", left["metadata"])


class Documents(unittest.TestCase):
    """The OpenAPI documents, held by a validator that is not ours."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_openapi_3_and_2_are_valid(self):
        index = self.server.request("GET", "/openapi/v3")[1]["paths"]
        self.assertEqual(set(index), {"api/v1", "apis/rebound.chaos/v1"})
        for entry in index.values():
            code, document = self.server.request("GET", entry["serverRelativeURL"])
            self.assertEqual(code, 200)
            openapi_spec_validator.validate(document)
        openapi_spec_validator.validate(self.server.request("GET", "/openapi/v2")[1])

    def test_what_is_stored_fits_the_schema_that_is_published(self):
        self.server.request("POST", f"{IN_DEFAULT}/experiments", experiment("fits"))
        self.server.request("POST", f"{IN_DEFAULT}/runs", run("fits"))
        self.server.report("fits", run_status("Planned"))
        document = self.server.request("GET", "/openapi/v3/apis/rebound.chaos/v1")[1]
        for plural, kind in (("experiments", "Experiment"), ("runs", "Run")):
            stored = self.server.request("GET", f"{IN_DEFAULT}/{plural}/fits")[1]
            schema = {"$ref": f"#/components/schemas/chaos.rebound.v1.{kind}", "components": document["components"]}
            openapi_schema_validator.validate(stored, schema, cls=openapi_schema_validator.OAS30Validator)


if __name__ == "__main__":
    unittest.main()
