# SPDX-License-Identifier: Apache-2.0
"""Agents and their controller: enrolment, heartbeats, clocks, a restart, and what a stolen or revoked one gets. The
real programs, over TLS on loopback."""
import concurrent.futures
import datetime
import json
import os
import platform
import shutil
import struct
import subprocess
import time

from controlling import ServiceCase
from driving import LIFETIME, SIGTERM, Driver, nanoseconds, program
from test_clock_set import HERE

MANY = 50
AHEAD = 3
HOUR = 3600


class AgentLink(ServiceCase):
    # --- Doing ---

    def agent(self, *arguments, **environment):
        driver = Driver([program("rebound-agent"), *arguments], {**os.environ, **environment})
        self.addCleanup(driver.kill)
        return driver

    def place(self, name):
        return os.path.join(self.work.name, f"state-{name}")

    def token(self, name):
        """A file with a token for the enrolment of this host, as an admin makes it."""
        path = os.path.join(self.work.name, f"token-{name}-{time.monotonic_ns()}")
        answer = self.caller.ask("POST", f"{self.resources}/credentials", {
            "name": f"agent:{name}", "groups": ["rebound:agents"], "lifetime": "1h", "oneTime": True,
            "purpose": "a test"})
        with open(path, "w") as file:
            file.write(answer["token"] + "\n")
        return path

    def enrol(self, name, port, *more, token=None, code=0):
        done = self.agent(
            "enrol", "--controller", f"https://127.0.0.1:{port}", "--token-file", token or self.token(name),
            "--certificate-authority", os.path.join(self.data, "identity", "authority.crt"), "--state-folder",
            self.place(name), *more).end()
        self.assertEqual(done.code, code, done)
        return done

    def running(self, name, heartbeat="1s", **environment):
        return self.agent("run", "--heartbeat", heartbeat, "--state-folder", self.place(name), **environment)

    # --- Seeing ---

    def host(self, name):
        return self.caller.ask("GET", f"{self.resources}/hosts/{name}")

    def hosts(self):
        return {h["metadata"]["name"]: h for h in self.caller.ask("GET", f"{self.resources}/hosts")["items"]}

    def ready(self, host):
        return next((c for c in host.get("status", {}).get("conditions", []) if c["type"] == "Ready"), {})

    def until(self, what, holds):
        deadline = time.monotonic() + LIFETIME
        while not (found := holds()):
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)
        return found

    def until_heard(self, name, after=""):
        def heard():
            host = self.host(name)
            later = host.get("status", {}).get("lastContact", "") > after
            return host if later and self.ready(host).get("status") == "True" else None
        return self.until(f"{name} is heard", heard)

    def identity(self, name):
        with open(os.path.join(self.place(name), "identity.json")) as file:
            return json.load(file)

    # --- Claims ---

    def test_a_host_enrols_reports_what_is_true_and_is_missed(self):
        _, port = self.serving()
        token = self.token("web-1")
        done = self.enrol("web-1", port, token=token)
        self.assertIn("enrolled as web-1", done.output)
        self.assertEqual(os.stat(os.path.join(self.place("web-1"), "identity.json")).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.place("web-1")).st_mode & 0o777, 0o700)
        self.assertEqual(self.host("web-1")["spec"], {"agent": {}}, "made by the enrolment")
        again = self.enrol("web-1", port, code=4)
        self.assertIn("--again", again.said)
        stolen = self.enrol("thief", port, token=token, code=4)
        self.assertFalse(os.path.exists(os.path.join(self.place("thief"), "identity.json")), stolen)
        agent = self.running("web-1")
        host = self.until_heard("web-1")
        self.check_facts(host["status"])
        self.check_listens_on_nothing(agent.pid)
        self.assertGreater(self.until_heard("web-1", after=host["status"]["lastContact"])["status"]["lastContact"],
                           host["status"]["lastContact"])
        agent.signal(SIGTERM)
        self.assertEqual(agent.end().code, 0)
        lost = self.until("it is missed", lambda: next(
            (h for h in [self.host("web-1")] if self.ready(h).get("status") == "Unknown"), None))
        self.assertEqual(self.ready(lost)["reason"], "NotHeard")
        self.running("web-1")
        self.until_heard("web-1", after=lost["status"]["lastContact"])
        self.prove("enrolled once, by a token that was good once; the Host says what uname, /proc and the files say; "
                   "no socket listens; missed after three heartbeats, and back at the next")

    def check_facts(self, status):
        system, found = status["system"], status["capabilities"]
        with open("/proc/sys/kernel/random/boot_id") as file:
            self.assertEqual(system["bootID"], file.read().strip())
        self.assertEqual((system["kernel"], system["hostname"], system["architecture"]),
                         (platform.release(), platform.node(), platform.machine()))
        self.assertEqual(found["cores"], os.cpu_count())
        self.assertEqual(found["memoryBytes"], os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        self.assertEqual([i["name"] for i in found["interfaces"]],
                         sorted(n for n in os.listdir("/sys/class/net") if os.path.isdir(f"/sys/class/net/{n}")))
        for tool in ("tc", "nft"):
            path = shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin")
            self.assertEqual(found.get(tool), path)
        self.assertEqual(status["agent"]["heartbeat"], "1s")

    def check_listens_on_nothing(self, pid):
        """Of the sockets of the process, by inode, none is in the state LISTEN, and none of UDP is unconnected."""
        inodes = set()
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        states = {}
        for table in ("tcp", "tcp6", "udp", "udp6"):
            with open(f"/proc/{pid}/net/{table}") as file:
                for row in list(file)[1:]:
                    fields = row.split()
                    if fields[9] in inodes:
                        states.setdefault(table, []).append(fields[3])
        self.assertTrue(states.get("tcp"), "the link itself is seen, so that the look is one")
        listening = [(t, s) for t, found in states.items() for s in found if s != "01"]
        self.assertEqual([x for x in listening if x[1] in ("0A", "07")], [])

    def test_a_wrong_clock_is_measured_within_its_bounds_and_renewal_goes_on(self):
        library = os.path.join(self.work.name, "wall_clock.so")
        subprocess.run([shutil.which("clang") or shutil.which("cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror",
                        "-o", library, os.path.join(HERE, "wall_clock.c")], check=True)
        def under(clock):
            return {"LD_PRELOAD": library, "REBOUND_TEST_CLOCK": self.clock_of(clock)}
        _, port = self.serving(**under("controller"))
        self.enrol("late", port)
        self.set_clock("host", AHEAD)
        agent = self.running("late", **under("host"))
        clock = self.until_heard("late")["status"]["clock"]
        self.assertLessEqual(clock["lowSeconds"], -AHEAD)
        self.assertGreaterEqual(clock["highSeconds"], -AHEAD)
        self.assertLess(clock["highSeconds"] - clock["lowSeconds"], 1)
        before = self.identity("late")
        # The controller's date is known, so that a wrong date of the host's renews nothing too early.
        self.set_clock("host", 9 * HOUR)
        self.until_offset(-9 * HOUR)
        self.assertEqual(self.identity("late"), before)
        self.set_clock("host", AHEAD)
        self.set_clock("controller", 9 * HOUR)
        host = self.until_offset(9 * HOUR - AHEAD)
        self.until("the certificate is renewed", lambda: self.identity("late") != before)
        self.assertNotEqual(self.identity("late")["key"], before["key"], "with a key of its own")
        self.until_heard("late", after=host["status"]["lastContact"])
        agent.signal(SIGTERM)
        done = agent.end()
        self.assertEqual(done.code, 0)
        self.assertEqual(done.said.count("the certificate was renewed"), 1, done)
        self.prove(f"3 s ahead: measured from {clock['lowSeconds']:.6f} s to {clock['highSeconds']:.6f} s; dates set "
                   "under way by 9 h on either side are in the offset at once; by the controller's date two thirds of "
                   "the certificate's life were over, and it was renewed once, without a restart")

    def until_offset(self, truth):
        def is_there():
            host = self.host("late")
            clock = host["status"]["clock"]
            return host if clock["lowSeconds"] <= truth <= clock["highSeconds"] else None
        return self.until(f"the offset is {truth}", is_there)

    def clock_of(self, name):
        path = os.path.join(self.work.name, f"clock-{name}")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(bytes(8))
        return path

    def set_clock(self, name, seconds):
        with open(self.clock_of(name), "r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))

    def test_a_revoked_agent_is_refused_and_says_what_to_do_and_comes_back_by_a_new_token(self):
        _, port = self.serving()
        self.enrol("web-1", port)
        agent = self.running("web-1")
        self.until_heard("web-1")
        self.caller.ask("POST", f"{self.resources}/credentials/revoke", {"name": "agent:web-1", "reason": "a test"})
        said = agent.until_said("refuses this host")
        self.assertIn("revoked", said)
        self.assertIn("rebound host token web-1", said)
        last = self.host("web-1")["status"]["lastContact"]
        self.enrol("web-1", port, "--again")
        self.until_heard("web-1", after=last)
        agent.signal(SIGTERM)
        self.assertEqual(agent.end().code, 0)
        self.prove("revoked: refused, with the two commands that mend it; enrolled again beside it, it goes on")

    def test_many_agents_come_back_after_a_restart_and_not_all_at_once(self):
        driver, port = self.serving()
        names = [f"many-{n:02}" for n in range(MANY)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.enrol(name, port), names))
        agents = [self.running(name, heartbeat="5s") for name in names]
        self.until("all are heard", lambda: sum(
            self.ready(h).get("status") == "True" for h in self.hosts().values()) == MANY)
        self.stopped(driver)
        time.sleep(6)                           # each has missed a heartbeat
        back = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
        self.serving("--listen", f"127.0.0.1:{port}")
        first = {}

        def all_back():
            for name, host in self.hosts().items():
                if host["status"]["lastContact"] > back:
                    first.setdefault(name, nanoseconds(host["status"]["lastContact"]) / 1e9)
            return len(first) == MANY
        self.until("all are back", all_back)
        times = sorted(first.values())
        most = max(sum(t <= other < t + 0.1 for other in times) for t in times)
        self.assertLess(most, MANY / 2, times)
        for agent in agents:
            agent.signal(SIGTERM)
        self.assertEqual({agent.end().code for agent in agents}, {0})
        self.prove(f"{MANY} agents were back within {times[-1] - times[0]:.1f} s of each other, at most {most} in any "
                   "tenth of a second")
