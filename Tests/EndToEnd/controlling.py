# SPDX-License-Identifier: Apache-2.0
"""What the tests of `rebound-controller serve` share: a controller that serves, and a caller that is logged in."""
import base64
import http.client
import json
import os
import re
import ssl
import subprocess
import time

from driving import LIFETIME, SIGTERM, Driver, ReboundCase, program


class Caller:
    """Somebody with a client certificate, made as `rebound login` makes it: a request, and a token once."""

    def __init__(self, folder, authority, token, port):
        self.folder, self.authority, self.port = folder, authority, port
        key, request = self.path("key.pem"), self.path("request.pem")
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=test", "-keyout", key, "-out", request], check=True, stderr=subprocess.DEVNULL)
        self.context = ssl.create_default_context(cadata=authority)
        with open(request) as file:
            answer = self.ask("POST", "/login", {"token": token, "certificateRequest": file.read()})
        with open(self.path("certificate.pem"), "w") as file:
            file.write(answer["certificate"])
        self.context.load_cert_chain(self.path("certificate.pem"), key)

    def path(self, name):
        return os.path.join(self.folder, name)

    def answer(self, method, path, body=None, **headers):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        """The answer as JSON; raises on anything but success."""
        status, _, text = self.answer(method, path, body)
        if not 200 <= status < 300:
            raise AssertionError(f"{method} {path}: {status} {text}")
        return json.loads(text) if text.startswith(("{", "[")) else text


class ServiceCase(ReboundCase):
    """A controller that serves from a data folder of its own, off the leash."""
    resources = "/apis/rebound.chaos/v1"

    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.work.name, "data")
        self.caller = None

    def serving(self, *arguments, **environment):
        """A controller that serves, and its port. Whoever is first logs in, and takes it off the leash."""
        driver = Driver([program("rebound-controller"), "serve", "--data-folder", self.data, "--listen",
                         "127.0.0.1:0", *arguments], self.environment(**environment))
        self.addCleanup(driver.kill)
        line = driver.until_said("serving the API")
        port = int(re.search(r'port(?:=|":")(\d+)', line).group(1))
        if self.caller is None:
            written = re.search(r"rebound-login:([\w-]+)", driver.until_said("rebound-login:")).group(1)
            ticket = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
            self.caller = Caller(self.work.name, ticket["authority"], ticket["token"], port)
            self.caller.ask("DELETE", f"{self.resources}/policies/leash")
        self.caller.port = port
        return driver, port

    def at(self, name):
        return f"{self.resources}/namespaces/default/{name}"

    def declare(self, experiment):
        self.caller.ask("POST", self.at("experiments"), experiment)
        return experiment["metadata"]["name"]

    def begin(self, experiment):
        """A new run of a declared experiment; its name."""
        run = self.caller.ask("POST", self.at(f"experiments/{experiment}/run"), {"reason": "a test"})
        return run["metadata"]["name"]

    def runs(self):
        return {r["metadata"]["name"]: r for r in self.caller.ask("GET", self.at("runs"))["items"]}

    def until_phase(self, name, *phases):
        deadline = time.monotonic() + LIFETIME
        while time.monotonic() < deadline:
            run = self.runs()[name]
            if run.get("status", {}).get("phase") in phases:
                return run
            time.sleep(0.05)
        raise AssertionError(f"{name} never was {phases}: {json.dumps(run.get('status'))[:2000]}")

    def stopped(self, driver):
        """Ends a controller as an init system does; it must end well."""
        driver.signal(SIGTERM)
        done = driver.end()
        self.assertEqual(done.code, 0, done)
        self.assertIn("nothing was aborted", done.said)
        return done
