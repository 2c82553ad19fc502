# SPDX-License-Identifier: Apache-2.0
"""What happens when something dies, and what happens when somebody asks for what cannot be."""
import json
import os
import random
import re
import subprocess
import unittest

from hosting import INJECT, ROOT, HostCase

# What docs/faults/README.md says in its table: each row is tested below, and the page must hold exactly these.
DEATHS = {
    "the injector": "its guard reverts, at once",
    "the guard": "the injector reverts, at once, and ends with 8",
    "both": "`rebound-inject revert --all` reverts from the journal",
    "who started the injector, or the pipe to it": "the injector reverts, at once, and ends with 0",
    "the lease": "the injector reverts when it runs out, and ends with 8",
    "the injector, by SIGTERM or SIGINT": "it reverts, at once, and ends with 0",
    "the injector, by SIGSTOP": "its guard reverts at the deadline",
    "the host": "the fault is gone with the kernel; `revert --all` says so and closes the record",
}


class Static(unittest.TestCase):
    def test_the_program_needs_no_library(self):
        dynamic = subprocess.run(["readelf", "-d", INJECT], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("no dynamic section", dynamic)
        headers = subprocess.run(["readelf", "-l", INJECT], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertNotIn("INTERP", headers)
        self.assertLess(os.path.getsize(INJECT), 12 << 20)

    def test_the_page_says_what_these_tests_show(self):
        with open(os.path.join(ROOT, "docs", "faults", "README.md")) as file:
            rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", file.read(), re.M)
        table = dict(row for row in rows if row[0] in DEATHS or row[1] in DEATHS.values())
        self.assertEqual(table, DEATHS)


class Crashes(HostCase):
    ROUNDS = int(os.environ.get("HOST_CRASHES", "6"))

    def crash(self, who):
        seed = int(os.environ.get("SEED") or random.randrange(32768))
        print(f"SEED={seed} ({who})")
        output = self.host.sh(f"bash /share/crash {who} {self.ROUNDS} {seed}")
        rounds = re.findall(r"^round (\d+) (\d) (\d+) (\w+)$", output, re.M)
        self.assertEqual(len(rounds), self.ROUNDS, output)
        self.assertEqual({verdict for *_, verdict in rounds}, {"clean"}, output)
        self.assertLess(max(int(took) for _, _, took, _ in rounds), 5000, output)
        self.assertIn("status 0", output)
        # The instrument: some were killed while the fault was in the kernel.
        self.assertIn("1", {there for _, there, *_ in rounds}, output)

    def test_the_injector_killed_at_any_moment(self):
        self.crash("injector")

    def test_the_guard_killed_at_any_moment(self):
        self.crash("guard")

    def test_both_killed_at_any_moment_and_the_journal_replayed(self):
        self.crash("both")


class Lives(HostCase):
    FAULT = {"network": {"interface": "eth0", "delay": "20ms"}}

    def started(self, name, lines="", duration="20s", **more):
        process = self.host.start(self.document(name, duration, **(more or self.FAULT)), lines)
        self.addCleanup(self.end, process)
        return process, self.until(process, "verified")

    def reason(self, events):
        return next(event["reason"] for event in events if event["event"] == "reverted")

    def find(self, kind):
        return f"$(bash /share/ours {kind})"

    def test_the_guard_dies(self):
        process, _ = self.started("guard-dies")
        self.host.sh(f"kill -KILL {self.find('guard')}")
        seen = self.until(process, "reverted")
        self.assertEqual(self.reason(seen), "guardLost")
        self.ends(process, 8)

    def test_the_pipe_closes(self):
        process, _ = self.started("pipe")
        self.assertEqual(self.reason(self.ends(process, 0)), "inputClosed")

    def test_the_lease_runs_out_and_is_renewed(self):
        process, _ = self.started("lease", lease="2s", **self.FAULT)
        for _ in range(3):
            self.until(process, "heartbeat")
            process.stdin.write("lease\n")
            process.stdin.flush()
        seen = self.until(process, "reverted")
        self.assertEqual(self.reason(seen), "lease")
        self.ends(process, 8)

    def test_it_is_told_to_end(self):
        for signal in ("TERM", "INT"):
            process, _ = self.started(f"told-{signal}")
            self.host.sh(f"kill -{signal} {self.find('injector')}")
            self.assertEqual(self.reason(self.until(process, "reverted")), f"SIG{signal}")
            self.ends(process, 0)

    def test_it_is_stopped_past_its_deadline(self):
        process, _ = self.started("stopped", duration="6s")
        self.host.sh(f"kill -STOP {self.find('injector')}")
        self.host.sh("for i in {1..100}; do tc qdisc show dev eth0 | grep -q 5eb0 || exit 0; sleep 0.1; done; exit 1")
        self.host.sh(f"kill -CONT {self.find('injector')}")
        self.until(process, "reverted")
        self.ends(process, 8)     # Its guard has done its work and is gone.

    def test_the_power_is_cut(self):
        before = self.host.dump()
        process, _ = self.started("power", duration="1h")
        self.host.lab.power_off("h1")
        process.communicate(timeout=60)
        self.host.lab.power_on("h1")
        self.assertEqual(self.host.dump(), before)
        self.assertIn('"state":"active"', self.host.sh("/share/rebound-inject status --verify; true"))
        self.assertIn("the kernel that had it is gone", self.host.sh("/share/rebound-inject revert --all"))
        self.host.sh("/share/rebound-inject status --verify")

    def test_what_is_held_is_held_by_one(self):
        process, _ = self.started("first")
        second = self.host.start(self.document("second", **self.FAULT))
        events = self.ends(second, 4)
        self.assertEqual((events[0]["event"], events[0]["holder"]), ("conflict", "first"))
        again = self.host.start(self.document("first", **self.FAULT))
        self.assertEqual(self.ends(again, 0)[0]["event"], "already")
        self.assertIn("5eb0", self.host.dump())
        self.ends(process, 0)

    def test_drift_is_seen_and_a_revert_by_hand_ends_the_injector(self):
        process, _ = self.started("drift")
        self.assertIn('"presence":"present"', self.host.sh("/share/rebound-inject status --verify; true"))
        self.host.sh("tc qdisc change dev eth0 parent 5eb0:2 handle 5eb2: netem delay 7ms")
        self.assertIn('"presence":"altered"', self.host.sh("/share/rebound-inject status --verify; true"))
        self.host.sh("/share/rebound-inject revert --id drift")
        self.assertEqual(self.reason(self.until(process, "reverted")), "revertedByAnother")
        self.ends(process, 0)


class Disks(HostCase):
    def test_a_full_disk_stops_neither_a_fault_nor_its_revert_once_room_is_reserved(self):
        document = json.dumps(self.document("full", "500ms", network={"interface": "eth0", "delay": "5ms"}))
        first = json.dumps(self.document("first", "200ms", network={"interface": "eth0", "delay": "5ms"}))
        fresh = json.dumps(self.document("fresh", "200ms", network={"interface": "eth0", "delay": "5ms"}))
        before = self.host.dump()
        output = self.host.sh(f"""unshare -m bash -c '
            mount -t tmpfs -o size=8m none /mnt
            bash /share/hold 3 "$1" --journal /mnt/journal
            head -c 9m /dev/zero >/mnt/filler 2>/dev/null
            bash /share/hold 3 "$2" --journal /mnt/journal
            bash /share/hold 3 "$3" --journal /mnt/other
            ls /mnt/other
            ' bash '{first}' '{document}' '{fresh}'""")
        codes = re.findall(r"^code (\d+)$", output, re.M)
        self.assertEqual(codes, ["0", "0", "7"], output)
        self.assertEqual(self.host.dump(), before)


class Processes(HostCase):
    def pick(self, match, action, **more):
        return {"process": {"match": match, "action": action, **more}}

    def run_to_end(self, name, fault, duration="1s"):
        return self.host.sh(f"bash /share/hold 5 '{json.dumps(self.document(name, duration, **fault))}'")

    def test_a_pause_is_lifted_and_the_others_are_left_alone(self):
        process = None
        try:
            self.host.sh("setsid sleep 601 >/dev/null 2>&1 & setsid sleep 602 >/dev/null 2>&1 &")
            fault = self.pick({"arguments": ["sleep", "601"]}, "pause")
            process = self.host.start(self.document("pause", **fault))
            self.until(process, "verified")
            states = self.host.sh("for f in /proc/[0-9]*; do tr '\\0' ' ' <$f/cmdline 2>/dev/null; "
                                  "sed -n 's/^State:.//p' $f/status 2>/dev/null; done | grep '^sleep 60'")
            self.assertRegex(states, r"sleep 601 T")
            self.assertRegex(states, r"sleep 602 S")
            self.ends(process, 0)
            states = self.host.sh("for f in /proc/[0-9]*; do tr '\\0' ' ' <$f/cmdline 2>/dev/null; "
                                  "sed -n 's/^State:.//p' $f/status 2>/dev/null; done | grep '^sleep 60'")
            self.assertNotIn(" T", states)
        finally:
            self.host.sh("for f in /proc/[0-9]*; do grep -aq '^sleep.60' $f/cmdline 2>/dev/null "
                         "&& kill ${f#/proc/}; done; true")

    def test_what_keeps_the_host_is_never_touched(self):
        for number, match in enumerate((
                {"executable": "/usr/sbin/sshd"}, {"commandLine": ".*systemd.*"}, {"commandLine": "sshd.*"},
                {"port": 22})):
            with self.subTest(match):
                output = self.run_to_end(f"kept-{number}", self.pick(match, "signal", signal="KILL", percent=100))
                self.assertIn("code 3", output)
        self.host.sh("true")            # ssh is still there.

    def test_a_unit_is_kept_down_until_the_revert_and_comes_back(self):
        self.host.sh("systemd-run --unit=rebound-shop -p Restart=always -p RestartSec=50ms "
                     "-p StartLimitIntervalSec=0 sleep 603")
        self.addCleanup(self.host.sh, "systemctl stop rebound-shop; systemctl reset-failed rebound-shop; true")
        fault = self.pick({"unit": "rebound-shop.service"}, "keepDown", signal="KILL")
        events = self.host.events(self.run_to_end("down", fault, "3s"))
        kept = [event["total"] for event in events if event["event"] == "keptDown"]
        self.assertGreaterEqual(max(kept), 2)
        self.assertEqual(events[-1]["event"], "reverted")
        self.host.sh("for i in {1..50}; do systemctl is-active -q rebound-shop && exit 0; sleep 0.1; done; exit 1")
