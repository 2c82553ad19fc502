# SPDX-License-Identifier: Apache-2.0
"""scripts/check-documents really runs what a document says, and fails when it fails."""
import os
import subprocess
import sys
import tempfile
import unittest

from playing import ROOT

CASES = {
    "commands that work, in one shell": (0, "```sh\na=1\n```\ntext\n```sh\ntest $a = 1\naws_url=$AWS_ENDPOINT_URL\n"
                                            "curl -sf $aws_url/fleet/state >/dev/null\n```\n"),
    "a command that fails": (1, "```sh\nfalse\ntrue\n```\n"),
    "a failure that is announced": (0, "```sh exits=3\nsh -c 'exit 3'\n```\n"),
    "an announced failure that does not come": (1, "```sh exits=3\ntrue\n```\n"),
    "a block that is only shown": (0, "```sh not-run: needs an account\nfalse\n```\n"),
    "blocks that are no commands": (0, "```console\n$ false\n```\n```yaml\na: b\n```\n"),
    "a block in a list": (1, "1. First\n\n   ```sh\n   false\n   ```\n"),
}


class Documents(unittest.TestCase):
    def test_each_kind_of_block_is_treated_as_it_says(self):
        for name, (wanted, text) in CASES.items():
            with self.subTest(name), tempfile.NamedTemporaryFile("w", suffix=".md") as file:
                file.write(text)
                file.flush()
                done = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "check-documents"), file.name],
                                      text=True, capture_output=True)
                self.assertEqual(done.returncode, wanted, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
