# SPDX-License-Identifier: Apache-2.0
"""However a fleet ends, none of its processes is left; and several live side by side."""
import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from playing import FLEET, LONGEST, PATIENCE, QUICK, alive, fleet

SMALL = [*QUICK, "--size=2"]


class LifeOfAFleet(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="fleet-test-")
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state")
        self.addCleanup(fleet, "down", "--state", self.state)
        # An interrupt skips the cleanups.
        atexit.register(fleet, "down", "--state", self.state, check=False)
        self.addCleanup(atexit.unregister, fleet)

    def up(self, state=None):
        return json.loads(fleet("up", "--state", state or self.state, *SMALL).stdout)

    def eventually(self, what, holds):
        deadline = time.monotonic() + LONGEST
        while not holds():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)

    def processes(self, state=None):
        """Every process that has the fleet's folder in its command line, and the keeper's children among them."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().decode("utf-8", "replace")
            except OSError:
                continue
            if (state or self.state) in words and int(pid) != os.getpid() and alive(pid):
                found.add(int(pid))
        return found

    def test_down_leaves_no_process(self):
        self.up()
        self.assertGreaterEqual(len(self.processes()), 4)      # the program, haproxy, two web servers
        fleet("down", "--state", self.state)
        self.assertEqual(self.processes(), set())

    def test_a_killed_fleet_program_takes_everything_with_it(self):
        about = self.up()
        os.kill(about["pid"], signal.SIGKILL)
        self.eventually("all are gone", lambda: not self.processes())

    def test_a_second_fleet_in_the_same_folder_is_refused(self):
        self.up()
        second = fleet("up", "--state", self.state, *SMALL, check=False)
        self.assertEqual(second.returncode, 2)
        self.assertIn("fleet down --state", second.stderr)

    def test_two_fleets_share_no_address(self):
        first = self.up()
        other = self.state + "-2"
        self.addCleanup(fleet, "down", "--state", other)
        second = self.up(other)
        for name in ("endpoint", "network", "loadBalancerURL", "subscriberURL"):
            self.assertNotEqual(first[name], second[name])
        for about in (first, second):                          # and each has experiments with its own
            with open(os.path.join(about["state"], "experiments", "web-loses-an-instance.yaml")) as file:
                self.assertIn(f'url: "{about["loadBalancerURL"]}"', file.read())

    def test_the_environment_file_works_in_a_shell(self):
        about = self.up()
        shown = subprocess.run(["sh", "-c", f". {self.state}/env; echo $AWS_ENDPOINT_URL $REBOUND_FLEET_LB_URL"],
                               text=True, capture_output=True, check=True).stdout.split()
        self.assertEqual(shown, [about["endpoint"], about["loadBalancerURL"]])
        self.assertEqual(os.stat(f"{self.state}/env").st_mode & 0o777, 0o600)

    def test_down_without_a_fleet_is_no_error(self):
        self.assertEqual(fleet("down", "--state", self.state).returncode, 0)

    def run_fleet(self, *argv):
        return subprocess.Popen([sys.executable, FLEET, "run", "--state", self.state, *SMALL, "--", *argv],
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_run_gives_the_command_s_status_and_cleans_up(self):
        ended = self.run_fleet("sh", "-c", "echo $AWS_ENDPOINT_URL; exit 7")
        output, _ = ended.communicate(timeout=PATIENCE)
        self.assertEqual(ended.returncode, 7)
        self.assertTrue(output.startswith("http://127.0.0.1:"))
        self.assertEqual(self.processes(), set())

    def test_run_with_a_command_that_does_not_exist_says_so_and_cleans_up(self):
        ended = self.run_fleet("/no/such/command")
        _, errors = ended.communicate(timeout=PATIENCE)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("/no/such/command", errors)
        self.assertEqual(self.processes(), set())

    def test_an_interrupted_run_takes_everything_down(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number.name):
                running = self.run_fleet("sh", "-c", "echo up; exec sleep 300")
                self.assertEqual(running.stdout.readline(), "up\n")
                running.send_signal(number)
                running.communicate(timeout=PATIENCE)
                self.eventually("all are gone", lambda: not self.processes())

    def test_a_terminated_run_ends_what_its_script_started(self):
        running = self.run_fleet("sh", "-c", "echo up; sleep 300; echo survived")
        self.assertEqual(running.stdout.readline(), "up\n")
        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=PATIENCE)            # ends only when the sleep has let go of the pipe
        self.assertNotIn("survived", output)

    def test_a_terminated_run_keeps_the_fleet_until_the_undoing_is_done(self):
        undo = "trap 'sleep 1; curl -sf -o /dev/null $REBOUND_FLEET_LB_URL && echo undone; exit' TERM; echo up; " \
               "while :; do sleep 0.1; done"
        running = self.run_fleet("sh", "-c", 'sh -c "$0"; echo never', undo)
        self.assertEqual(running.stdout.readline(), "up\n")
        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=PATIENCE)
        self.assertEqual(output, "undone\n")

    def test_a_run_interrupted_while_starting_takes_everything_down(self):
        running = self.run_fleet("sleep", "300")
        self.eventually("haproxy is there", lambda: len(self.processes()) > 2)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE)
        self.eventually("all are gone", lambda: not self.processes())

    def test_a_fleet_that_is_coming_up_ends_with_what_brings_it_up(self):
        coming = subprocess.Popen([sys.executable, FLEET, "up", "--state", self.state, *SMALL], stdout=subprocess.PIPE)
        self.eventually("haproxy is there", lambda: len(self.processes()) > 2)
        coming.kill()
        self.assertEqual(coming.communicate(timeout=PATIENCE)[0], b"", "it was killed before the fleet was whole")
        self.eventually("all are gone", lambda: not self.processes())

    def test_a_wrong_option_is_refused_before_anything_starts(self):
        for option in ("--throttle=DescribeInstances", "--fail=DescribeInstances:pages=2", "--iam=/no/such/file"):
            with self.subTest(option):
                ended = fleet("up", "--state", self.state, *SMALL, option, check=False)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(option.partition("=")[2].split(":")[0], ended.stderr)
                self.assertEqual(self.processes(), set())


if __name__ == "__main__":
    unittest.main()
