# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI documents say what the API does: Schemathesis makes requests up from them, good and bad ones, sends them
to a real `rebound-controller serve` as an admin, and holds every answer against the document.

What Kubernetes does otherwise than Schemathesis thinks right is named in schemathesis.toml, with the reason."""
import os
import re
import subprocess
import sys
import time

from controlling import ServiceCase
from driving import LIFETIME

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = os.environ.get("REBOUND_TEST_SEED", "4711")
EXAMPLES = os.environ.get("REBOUND_OPENAPI_EXAMPLES", "3")


class Conformance(ServiceCase):
    options = ("--standalone=1",)

    def asked(self, document):
        """How many requests were made; every operation must have been asked."""
        token = self.caller.ask("POST", f"{self.resources}/credentials", {
            "name": "schemathesis", "groups": ["rebound:admins"], "lifetime": "1h", "purpose": "a test"})["token"]
        server = f"https://127.0.0.1:{self.caller.port}"
        authority = os.path.join(self.work.name, "authority.pem")
        with open(authority, "w") as file:
            file.write(self.caller.authority)
        # How long it takes to make up something as large as a run is no fault of the document.
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "--config-file",
             os.path.join(HERE, "schemathesis.toml"), "run", f"{server}/openapi/v3/{document}", "--url", server,
             "--header", f"Authorization: Bearer {token}",
             "--tls-verify", authority, "--seed", SEED, "--max-examples", EXAMPLES,
             "--phases", "fuzzing", "--suppress-health-check", "all", "--no-color"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=8 * LIFETIME, cwd=self.work.name,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": HERE})
        self.assertEqual(done.returncode, 0, done.stdout[-20_000:])
        said = done.stdout
        tested, total = re.search(r"Tested: (\d+)", said), re.search(r"(\d+) selected / (\d+) total", said)
        self.assertTrue(tested and total, said)
        self.assertEqual((tested.group(1), total.group(1)), (total.group(2), total.group(2)), said)
        return int(re.search(r"(\d+) generated", said).group(1))

    def test_answers_are_what_the_documents_say(self):
        driver, _ = self.serving()
        for document, least in (("api/v1", 20), ("apis/rebound.chaos/v1", 200)):
            began = time.monotonic()
            requests = self.asked(document)
            self.assertGreater(requests, least)
            self.prove(f"{requests} requests made up from {document} were answered as it says, with seed {SEED}, in "
                       f"{time.monotonic() - began:.0f} s")
        self.assertEqual(self.caller.answer("GET", "/healthz")[0], 200)
        self.stopped(driver)
