# SPDX-License-Identifier: Apache-2.0
"""The resource API against Python's `kubernetes` package, curl, and requests that mean it harm."""
import http.client
import json
import subprocess
import unittest

import kubernetes
import serving
from serving import experiment, run, run_status

GROUP = "/apis/rebound.chaos/v1"
IN_DEFAULT = f"{GROUP}/namespaces/default"


class PythonClient(unittest.TestCase):
    """Python's `kubernetes` package in dynamic mode: it knows nothing of us but what discovery says."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()
        client = kubernetes.config.new_client_from_config(cls.server.kubeconfig())
        cls.dynamic = kubernetes.dynamic.DynamicClient(client)
        cls.experiments = cls.dynamic.resources.get(api_version="rebound.chaos/v1", kind="Experiment")

    @classmethod
    def tearDownClass(cls):
        cls.dynamic.client.close()
        cls.server.stop()

    def test_events_are_gone_on_with_from_a_version(self):
        told = [{"at": f"2026-11-24T10:00:0{n}Z", "type": "phase", "message": f"m{n}"} for n in range(2)]
        self.server.request("POST", f"{IN_DEFAULT}/runs", run("told"))
        version = self.server.report("told", run_status("Holding", timeline=told[:1]))
        self.server.report("told", run_status("Done", timeline=told))
        events = self.dynamic.resources.get(api_version="v1", kind="Event")
        watch = events.watch(namespace="default", resource_version=version, timeout=20)
        self.assertEqual(next(watch)["object"].message, "m1")
        watch.close()

    def test_the_life_of_a_resource(self):
        made = self.experiments.create(body=experiment("dynamic"), namespace="default")
        self.assertEqual(made.metadata.generation, 1)
        self.experiments.patch(body={"metadata": {"labels": {"a": "b"}}}, name="dynamic", namespace="default",
                               content_type="application/merge-patch+json")
        got = self.experiments.get(name="dynamic", namespace="default")
        self.assertEqual(got.metadata.labels.a, "b")
        self.assertEqual(len(self.experiments.get(namespace="default", label_selector="a=b").items), 1)
        stale = got.to_dict()
        got = got.to_dict()
        got["spec"]["limits"]["maxTargets"] = 9
        self.experiments.replace(body=got, namespace="default")
        with self.assertRaises(kubernetes.dynamic.exceptions.ConflictError):
            self.experiments.replace(body=stale, namespace="default")
        self.experiments.delete(name="dynamic", namespace="default")
        with self.assertRaises(kubernetes.dynamic.exceptions.NotFoundError):
            self.experiments.get(name="dynamic", namespace="default")

    def test_a_watch_tells_what_happens(self):
        before = self.experiments.get(namespace="default").metadata.resourceVersion
        self.experiments.create(body=experiment("seen"), namespace="default")
        self.experiments.delete(name="seen", namespace="default")
        watch = self.experiments.watch(namespace="default", resource_version=before, timeout=20,
                                       field_selector="metadata.name=seen")
        self.assertEqual([next(watch)["type"], next(watch)["type"]], ["ADDED", "DELETED"])
        watch.close()

    def test_every_kind_is_discovered(self):
        kinds = {found.kind for found in self.dynamic.resources.search(group="rebound.chaos")}
        self.assertLessEqual({"Experiment", "Run", "Injection", "Schedule", "Policy", "RoleBinding"}, kinds)


class Curl(unittest.TestCase):
    """curl over both versions of HTTP."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def curl(self, *words):
        done = subprocess.run(["curl", "-sS", "--cacert", self.server.path("ca.pem"), *words], text=True,
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_both_versions_of_http(self):
        for version, name in (("--http1.1", "1.1"), ("--http2", "2")):
            said = self.curl(version, "-H", f"Authorization: Bearer {self.server.token()}", "-w", "%{http_version}",
                             self.server.url + "/version")
            self.assertTrue(said.endswith("}" + name), said)

    def test_a_client_certificate_is_a_credential(self):
        said = self.curl("--http2", "--cert", self.server.path("admin.pem"), "--key", self.server.path("admin.key"),
                         self.server.url + "/api/v1/namespaces")
        self.assertEqual(json.loads(said)["items"][0]["metadata"]["name"], "default")

    def test_yaml_is_taken(self):
        text = "apiVersion: rebound.chaos/v1\nkind: Policy\nmetadata: { name: rules }\nspec: { maxTargetsPerRun: 2 }\n"
        said = self.curl("-H", f"Authorization: Bearer {self.server.token()}", "-H", "Content-Type: application/yaml",
                         "--data-binary", text, self.server.url + GROUP + "/policies")
        self.assertEqual(json.loads(said)["spec"]["maxTargetsPerRun"], 2)

    def test_tls_older_than_1_3_is_refused(self):
        done = subprocess.run(["curl", "-sS", "--tls-max", "1.2", "--cacert", self.server.path("ca.pem"),
                               self.server.url + "/healthz"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 35, "curl's code for a failed handshake")


class Hostile(unittest.TestCase):
    """Whatever is sent, the answer is a Status, and the server lives."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.assertEqual(self.server.request("GET", "/healthz", who=None, raw=True), (200, b"ok"))

    def refused(self, code, method, path, body=None, **more):
        got, document = self.server.request(method, path, body, **more)
        self.assertEqual((got, document["kind"], document["code"]), (code, "Status", code), (method, path, document))
        self.assertEqual(document["status"], "Failure")
        return document

    def test_nothing_is_answered_without_a_credential(self):
        paths = ["/", "/api", "/apis", "/api/v1", GROUP, "/openapi/v2", "/openapi/v3", "/version", "/metrics",
                 "/nothing", "/api/v1/namespaces", f"{IN_DEFAULT}/runs/r/report", f"{GROUP}/audit",
                 f"{IN_DEFAULT}/experiments?watch=1"]
        for path in paths:
            self.refused(401, "GET", path, who=None)
            self.refused(401, "GET", path, who=None, headers={"Authorization": "Bearer wrong"})
        for path in (f"{GROUP}/halt", f"{GROUP}/resume", f"{IN_DEFAULT}/runs/r/abort", f"{IN_DEFAULT}/experiments"):
            self.refused(401, "POST", path, {"reason": "x"}, who=None)
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.server.request("GET", path, who=None, raw=True)[0], 200)

    def test_a_certificate_of_another_authority_is_refused_with_a_reason(self):
        other = serving.Server()
        try:
            context = self.server.context()
            context.load_cert_chain(other.path("admin.pem"), other.path("admin.key"))
            connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
            connection.request("GET", "/api")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 401)
            self.assertIn("another authority", json.loads(answer.read())["message"])
            connection.close()
        finally:
            other.stop()

    def test_bodies_that_are_none(self):
        path = f"{IN_DEFAULT}/experiments"
        for body in ("", "{", "[]", "null", "{}", '{"a":1}', '{"kind":"Run","apiVersion":"v1"}', '{"a":1,"a":2}',
                     "\xff\xfe", "[" * 5000, '{"metadata":' * 3000, "{\"x\":\"\\ud800\"}"):
            self.refused(400, "POST", path, body.encode("latin-1"))
        self.refused(415, "POST", path, "a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.refused(400, "POST", path, b"k8s\x00\x0a\xff\xff\xff\xff\x7f",
                     headers={"Content-Type": "application/vnd.kubernetes.protobuf"})
        self.refused(406, "GET", path, headers={"Accept": "application/xml"})
        self.refused(413, "POST", path, b" " * ((1 << 20) + 1))

    def test_names_and_parameters_that_are_none(self):
        for query in ("labelSelector=a%20b", "labelSelector=(", "fieldSelector=spec", "limit=-1", "watch=perhaps",
                      "resourceVersion=x", "resourceVersionMatch=Exact", "continue=%00", "sendInitialEvents=1",
                      "a=%zz"):
            got, document = self.server.request("GET", f"{IN_DEFAULT}/experiments?{query}")
            self.assertIn(got, (400, 410, 422), (query, document))
            self.assertEqual(document["kind"], "Status")
        self.refused(404, "GET", f"{IN_DEFAULT}/experiments/%2e%2e%2f")
        self.refused(404, "GET", f"{IN_DEFAULT}/nothings")
        self.refused(404, "GET", "/apis/rebound.chaos/v2")
        self.refused(405, "DELETE", "/api/v1/namespaces")
        self.refused(405, "PUT", f"{IN_DEFAULT}/experiments", experiment())
        self.refused(405, "OPTIONS", f"{IN_DEFAULT}/experiments")
        self.refused(400, "POST", f"{IN_DEFAULT}/experiments?dryRun=Some", experiment())
        self.refused(400, "POST", f"{IN_DEFAULT}/experiments?fieldValidation=Perhaps", experiment())
        wrong = experiment("Not A Name")
        refused = self.refused(422, "POST", f"{IN_DEFAULT}/experiments", wrong)
        self.assertEqual(refused["details"]["causes"][0]["field"], "metadata.name")

    def test_numbers_at_their_edge(self):
        most = 2**63 - 1
        token = f"{most}//".encode().hex()
        for query in (f"limit={most}", f"resourceVersion={most}", f"continue={token}", f"limit=1&continue={token}",
                      f"watch=1&timeoutSeconds=1&resourceVersion={most}", f"limit={most}0",
                      "timeoutSeconds=" + "9" * 400):
            got, document = self.server.request("GET", f"{IN_DEFAULT}/experiments?{query}")
            self.assertIn(document["kind"] if "kind" in document else document["type"],
                          ("Status", "ExperimentList", "ERROR"), query)
        self.assertEqual(self.server.request("GET", f"{GROUP}/audit?after={most}&limit={most}")[0], 200)
        self.server.request("POST", f"{IN_DEFAULT}/runs", run("edge"))
        event = {"at": "1678-01-01T00:00:00Z", "type": "t", "message": "m"}
        figure = {"seconds": 1e300, "low": -1e300, "high": 1e300}
        recovery = {"recovered": True, "timeToRecover": figure, "downtime": figure, "outages": [], "phases": [],
                    "probes": [], "gaps": [], "availability": {"percent": 1, "attempts": 0, "low": 0, "high": 1}}
        status = run_status("Done", timeline=[event], recovery=recovery)
        self.server.report("edge", status)
        table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
        for path in (f"{IN_DEFAULT}/runs", "/api/v1/namespaces/default/events"):
            self.assertEqual(self.server.request("GET", path, headers=table)[0], 200)

    def test_what_is_no_http_gets_a_status_too(self):
        for content in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n", b"GET /\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n"):
            answer = self.server.bytes(content)
            self.assertRegex(answer.split(b"\r\n")[0], rb"HTTP/1\.[01] 4\d\d", content[:60])
            self.assertIn(b'"kind":"Status"', answer, content[:60])

    def test_pages_of_others_are_kept_away(self):
        self.refused(403, "GET", "/api", headers={"Host": "rebound.attacker.example"})
        self.refused(403, "POST", f"{GROUP}/halt", {"reason": "x"}, headers={"Origin": "https://attacker.example"})
        self.refused(403, "GET", "/api", headers={"Sec-Fetch-Site": "cross-site"})
        same = {"Origin": self.server.url}
        self.assertEqual(self.server.request("GET", "/api", headers=same)[0], 200)


class Watching(unittest.TestCase):
    """Watches, as the agents and other informers use them."""

    @classmethod
    def setUpClass(cls):
        cls.server = serving.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def write(self, method, path, body, code, **more):
        got, document = self.server.request(method, path, body, **more)
        self.assertEqual(got, code, document)
        return document

    def test_initial_events_end_with_a_marked_bookmark(self):
        self.write("POST", f"{IN_DEFAULT}/experiments", experiment("first"), 201)
        events = self.server.stream(
            f"{IN_DEFAULT}/experiments?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            "&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dfirst")
        self.assertEqual(next(events)["type"], "ADDED")
        mark = next(events)
        self.assertEqual(mark["type"], "BOOKMARK")
        self.assertEqual(mark["object"]["metadata"]["annotations"], {"k8s.io/initial-events-end": "true"})
        later = next(events)
        self.assertEqual(later["type"], "BOOKMARK")
        self.assertNotIn("annotations", later["object"]["metadata"])
        events.close()

    def test_events_are_watched_from_a_version(self):
        told = [{"at": f"2026-11-24T10:00:0{n}Z", "type": "phase", "message": f"m{n}"} for n in range(4)]
        self.write("POST", f"{IN_DEFAULT}/runs", run("followed"), 201)
        events = "/api/v1/namespaces/default/events?watch=1&timeoutSeconds=5"
        self.server.report("followed", run_status("Holding", timeline=told[:1]))
        listed = self.write("GET", "/api/v1/namespaces/default/events", None, 200)["metadata"]["resourceVersion"]
        second = self.server.report("followed", run_status("Holding", timeline=told[:2]))
        self.server.report("followed", run_status("Done", timeline=told[:3]))
        for start, wanted in ((listed, ["m1", "m2"]), (second, ["m2"]), ("0", ["m0", "m1", "m2"])):
            watch = self.server.stream(f"{events}&resourceVersion={start}")
            got = [next(watch) for _ in wanted]
            watch.close()
            self.assertEqual([(one["type"], one["object"]["message"]) for one in got], [("ADDED", m) for m in wanted])
        watch = self.server.stream(f"{events}&resourceVersion={listed}&allowWatchBookmarks=true")
        self.assertEqual([next(watch)["object"].get("message") for _ in range(2)], ["m1", "m2"])
        mark = next(watch)
        self.assertEqual((mark["type"], mark["object"]["kind"]), ("BOOKMARK", "Event"))
        self.assertGreater(int(mark["object"]["metadata"]["resourceVersion"]), second)
        self.write("DELETE", f"{IN_DEFAULT}/runs/followed", None, 200)
        gone = [one for one in watch if one["type"] != "BOOKMARK"]
        self.assertEqual([(one["type"], one["object"]["message"]) for one in gone],
                         [("DELETED", "m0"), ("DELETED", "m1"), ("DELETED", "m2")])
        self.assertEqual(self.server.request("GET", f"{events}&resourceVersion=999999999")[0], 504)

    def test_a_resource_that_ceases_to_match_is_deleted_for_the_watcher(self):
        path = f"{IN_DEFAULT}/experiments/moving"
        self.write("POST", f"{IN_DEFAULT}/experiments", experiment("moving", labels={"at": "a"}), 201)
        events = self.server.stream(f"{IN_DEFAULT}/experiments?watch=1&labelSelector=at%3Da")
        self.assertEqual(next(events)["type"], "ADDED")
        merge = {"Content-Type": "application/merge-patch+json"}
        for label, wanted in (("b", "DELETED"), ("a", "ADDED")):
            self.write("PATCH", path, {"metadata": {"labels": {"at": label}}}, 200, headers=merge)
            self.assertEqual(next(events)["type"], wanted)
        self.write("DELETE", path, None, 200)
        self.assertEqual(next(events)["type"], "DELETED")
        events.close()

    def test_a_selective_watch_tells_what_ceased_to_match_before_it_began(self):
        self.write("POST", f"{IN_DEFAULT}/experiments", experiment("left", labels={"home": "a"}), 201)
        version = self.write("GET", f"{IN_DEFAULT}/experiments?labelSelector=home%3Da", None, 200)["metadata"]
        merge = {"Content-Type": "application/merge-patch+json"}
        self.write("PATCH", f"{IN_DEFAULT}/experiments/left", {"metadata": {"labels": {"home": "b"}}}, 200,
                   headers=merge)
        events = self.server.stream(
            f"{IN_DEFAULT}/experiments?watch=1&timeoutSeconds=10&labelSelector=home%3Da"
            f"&resourceVersion={version['resourceVersion']}")
        event = next(events, None)
        self.assertIsNotNone(event, "a client that goes on from its list would keep it for ever")
        self.assertEqual((event["type"], event["object"]["metadata"]["name"]), ("DELETED", "left"))
        events.close()

    def test_a_version_of_the_future_is_an_error(self):
        path = f"{IN_DEFAULT}/experiments"
        event = next(self.server.stream(f"{path}?watch=1&resourceVersion=999999"))
        self.assertEqual((event["type"], event["object"]["code"]), ("ERROR", 410))
        code, document = self.server.request("GET", f"{path}?resourceVersion=999999")
        self.assertEqual((code, document["reason"]), (504, "Timeout"))

    def test_time_ends_a_watch(self):
        self.assertEqual(list(self.server.stream(
            f"{IN_DEFAULT}/schedules?watch=1&resourceVersion=1&timeoutSeconds=1")), [])

    def test_pages_of_a_list_are_of_one_version(self):
        for name in ("a", "b", "c"):
            self.write("POST", f"{IN_DEFAULT}/experiments", experiment(f"paged-{name}", labels={"p": "1"}), 201)
        first = self.write("GET", f"{IN_DEFAULT}/experiments?labelSelector=p&limit=2", None, 200)
        self.write("DELETE", f"{IN_DEFAULT}/experiments/paged-c", None, 200)
        token = first["metadata"]["continue"]
        rest = self.write("GET", f"{IN_DEFAULT}/experiments?labelSelector=p&limit=2&continue={token}", None, 200)
        self.assertEqual([one["metadata"]["name"] for one in rest["items"]], ["paged-c"])
        self.assertEqual(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"])


if __name__ == "__main__":
    unittest.main()
