# SPDX-License-Identifier: Apache-2.0
"""What the campaigns against a served controller share: fifty runs of several kinds, somebody who writes and somebody
who watches all the while, a copy of a dead controller's store, and what must hold at the end, asked of the world."""
import collections
import http.client
import json
import os
import re
import shutil
import sqlite3
import tempfile
import threading
import time

from controlling import ServiceCase
from crashing import WATCHING
from driving import Driver, nanoseconds, program

GONE = (OSError, http.client.HTTPException)        # what a client sees of a controller that is dead
# How many runs of each kind. Each has a target of its own.
KINDS = {"stop": 13, "deregister": 12, "terminate": 15, "suspend": 10}
# What harms and what undoes it, and what the world shows of one harm.
CALLS = {"stop": ("StopInstances", "StartInstances", "kill"), "terminate": ("TerminateInstances", None, "kill"),
         "deregister": ("DeregisterTargets", "RegisterTargets", "deregistered"),
         "suspend": ("SuspendProcesses", "ResumeProcesses", None)}


class Writer(threading.Thread):
    """Creates, changes and deletes experiments, one thing after the other. What was answered must stay; of what was not
    answered nobody knows, and it is looked at once before going on."""

    def __init__(self, caller, path):
        super().__init__(daemon=True)
        self.caller, self.path, self.ended = caller, path, threading.Event()
        self.answered, self.unanswered, self.wrong, self.known = 0, 0, [], {}

    def run(self):
        number = 0
        while not self.ended.wait(0.05):
            number += 1
            name = f"noise-{number % 5}"
            before = self.known.get(name)
            after = None if before and number % 7 == 0 else number
            try:
                status = self.write(name, before, after)
                if status not in (200, 201):
                    self.wrong.append(f"{name}: {before} to {after} was answered {status}")
                self.known[name], self.answered = after, self.answered + 1
            except GONE:
                self.unanswered += 1
                self.look(name, (before, after))

    def write(self, name, before, after):
        document = {"apiVersion": "rebound.chaos/v1", "kind": "Experiment", "spec": self.spec,
                    "metadata": {"name": name, "labels": {"number": str(after)}}}
        if after is None:
            return self.caller.answer("DELETE", f"{self.path}/{name}")[0]
        if before is None:
            return self.caller.answer("POST", self.path, document)[0]
        return self.caller.answer("PATCH", f"{self.path}/{name}", {"metadata": document["metadata"]},
                                  **{"Content-Type": "application/merge-patch+json"})[0]

    def look(self, name, possible):
        while not self.ended.is_set():
            try:
                found = self.state(name)
            except GONE:
                time.sleep(0.05)
                continue
            if found not in possible:
                self.wrong.append(f"{name} is {found}, and it was to be one of {possible}")
            self.known[name] = found
            return

    def state(self, name):
        status, _, text = self.caller.answer("GET", f"{self.path}/{name}")
        if status == 404:
            return None
        if status != 200:
            raise OSError(f"{status} {text}")
        return int(json.loads(text)["metadata"]["labels"]["number"])

    def end(self):
        self.ended.set()
        self.join(60)


class Watcher(threading.Thread):
    """Watches one kind from the version where it began, over every death of the controller, and never lists anew."""

    def __init__(self, caller, path, version):
        super().__init__(daemon=True)
        self.caller, self.path, self.version = caller, path, version
        self.events, self.wrong, self.broken, self.ended = [], [], 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            try:
                self.follow()
            except GONE:
                time.sleep(0.02)
            self.broken += 1

    def follow(self):
        connection = http.client.HTTPSConnection("127.0.0.1", self.caller.port, context=self.caller.context, timeout=5)
        try:
            connection.request("GET", f"{self.path}?watch=1&allowWatchBookmarks=true&resourceVersion={self.version}")
            answer = connection.getresponse()
            if answer.status != 200:
                if answer.status != 503:
                    self.wrong.append(f"the watch was answered {answer.status} {answer.read()[:300]}")
                return
            while not self.ended.is_set() and (line := answer.readline()):
                if not line.endswith(b"\n"):
                    return              # cut off in the middle: not an event yet
                self.take(json.loads(line))
        finally:
            connection.close()

    def take(self, event):
        if event["type"] == "ERROR":
            self.wrong.append(f"the watch ended with {event['object']}")
            return
        meta = event["object"]["metadata"]
        version = int(meta["resourceVersion"])
        if event["type"] != "BOOKMARK":
            if version <= self.version:
                self.wrong.append(f"{event['type']} {meta['name']} at {version} came after {self.version}")
            self.events.append((version, event["type"], meta["name"]))
        self.version = max(self.version, version)

    def end(self):
        self.ended.set()
        self.join(60)


class CampaignCase(ServiceCase):
    """Fifty runs, and one controller after the other on their store."""
    options = ("--size=2", "--standalone=40", "--health-interval=0.5")
    hold = os.environ.get("REBOUND_TEST_HOLD", "3s")

    def groups_to_suspend(self):
        """Each suspended run has a group of its own, with one member that is never touched."""
        for number in range(KINDS["suspend"]):
            tags = [{"Key": key, "Value": value, "PropagateAtLaunch": True, "ResourceId": f"spare-{number}",
                     "ResourceType": "auto-scaling-group"}
                    for key, value in (("app", f"spare-{number}"), ("rebound:opt-in", "true"))]
            self.groups.create_auto_scaling_group(
                AutoScalingGroupName=f"spare-{number}", MinSize=1, MaxSize=1, DesiredCapacity=1, Tags=tags,
                LaunchTemplate={"LaunchTemplateId": self.about["launchTemplate"], "Version": "$Default"},
                VPCZoneIdentifier=self.about["subnets"]["a"])

    def plans(self):
        """Name, kind and target of each experiment, and its document."""
        free = list(enumerate(self.about["standalone"], 1))
        probe = self.calm_probe()
        for kind, count in KINDS.items():
            for number in range(count):
                if kind == "suspend":
                    name = target = f"spare-{number}"
                    fault = self.fault("autoScaling.suspendProcesses", duration=self.hold, processes=["Launch"])
                    fault["targets"]["autoScalingGroup"]["name"] = target
                else:
                    place, target = free.pop(0)
                    name, tags = f"{kind}-{number}", {"Name": f"standalone-{place}"}
                    action = {"stop": "ec2.stop", "terminate": "ec2.terminate", "deregister": "elb.deregister"}[kind]
                    more = {"targetGroup": "web"} if kind == "deregister" else {}
                    fault = self.fault(action, duration=None if kind == "terminate" else self.hold, tags=tags, **more)
                yield name, kind, target, self.experiment(
                    fault, name=name, probes=[probe],
                    limits={"maxTargets": 1, "minHealthy": 1}, baseline={"holdFor": "100ms", "giveUpAfter": "300s"},
                    recovery={"stableFor": "500ms", "giveUpAfter": "300s"})

    def declare_all(self):
        """Fifty experiments, a cap that fifty faults just fill, and those who write and watch."""
        self.groups_to_suspend()
        self.declared = list(self.plans())
        for _, _, _, experiment in self.declared:
            self.declare(experiment)
        self.caller.ask("POST", f"{self.resources}/policies", {
            "apiVersion": "rebound.chaos/v1", "kind": "Policy", "metadata": {"name": "caps"},
            "spec": {"maxTargetsPerDay": len(self.declared)}})
        self.writer = Writer(self.caller, self.at("experiments"))
        self.writer.spec = self.declared[0][3]["spec"]
        start = int(self.caller.ask("GET", self.at("runs"))["metadata"]["resourceVersion"])
        self.watchers = [Watcher(self.caller, self.at(kind), start) for kind in ("runs", "runs", "experiments")]
        self.since = start
        self.begun = time.monotonic_ns()
        for thread in (self.writer, *self.watchers):
            self.addCleanup(thread.end)
            thread.start()

    def begin_all(self, part, parts):
        """Begins each experiment of a part once, however often the controller dies over it: what was not answered is
        looked for before it is asked for again."""
        for name, *_ in self.declared[part::parts]:
            while True:
                try:
                    if not any(r["spec"]["experiment"] == name for r in self.runs().values()):
                        self.caller.ask("POST", self.at(f"experiments/{name}/run"), {"reason": "a campaign"})
                    break
                except GONE:
                    time.sleep(0.05)
                except AssertionError as refusal:
                    if " 50" not in str(refusal):
                        raise
                    time.sleep(0.2)

    # --- Lives ---

    def life(self, waits=True, **environment):
        """A controller that serves, or died before it did; or one that is not waited for. What it logs is kept."""
        driver = Driver([program(self.serves), "serve", "--data-folder", self.data, "--listen", "127.0.0.1:0"],
                        self.environment(**environment))
        self.addCleanup(driver.kill)
        with driver.changed:
            driver.changed.wait_for(
                lambda: not waits or None in driver.lines or "serving the API" in driver.said, 120)
        found = re.search(r"serving the API.*?port=(\d+)", driver.said)
        driver.port = int(found.group(1)) if found else None
        if found:
            self.caller.port = driver.port
        return driver

    def left(self):
        """The runs by name as the dead controller left them, from a copy, so that the next one meets what it left."""
        with tempfile.TemporaryDirectory(prefix="rebound-left-") as folder:
            for suffix in ("", "-wal"):
                if os.path.exists(path := os.path.join(self.data, "rebound.db" + suffix)):
                    shutil.copy(path, os.path.join(folder, "rebound.db" + suffix))
            with sqlite3.connect(os.path.join(folder, "rebound.db")) as store:
                rows = store.execute("SELECT name, coalesce(status ->> 'phase', 'Pending') FROM resources "
                                     "WHERE kind = 'Run'").fetchall()
        return dict(rows)

    # --- What must hold ---

    def check_all(self, deaths):
        """`deaths` are (died, next one started, phases by run), by the monotonic clock. Returns what is to be said."""
        runs = {r["spec"]["experiment"]: r for r in self.runs().values()}
        self.assertEqual(sorted(r["spec"]["experiment"] for r in self.runs().values()),
                         sorted(name for name, *_ in self.declared), "no run was lost, and none was made twice")
        repeated = sum(self.check_run(runs[name], kind, target, deaths) for name, kind, target, _ in self.declared)
        for name, *_ in self.declared:
            self.until_arrived(runs[name]["metadata"]["name"], "planned", "aboutToInject", "injected", "verdict")
        verdicts = collections.Counter(r["status"]["verdict"] for r in runs.values())
        self.check_cap()
        return f"verdicts {dict(verdicts)}, {repeated} calls asked again because their answer was not known"

    def check_run(self, run, kind, target, deaths):
        """One harm of the one target, undone, and the gaps told. Returns how often a call was repeated."""
        status, name = run["status"], run["metadata"]["name"]
        where = f"{name}: {status['verdictReasons']} {json.dumps(status)[:3000]}"
        self.assertEqual(status["phase"], "Done", where)
        self.assertIn(status["verdict"], ("pass", "inconclusive"), where)
        self.assertEqual(status["undo"], "none" if kind == "terminate" else "clean", where)
        harms, undoes, shows = CALLS[kind]
        harmed = [e for e in self.acting_calls(harms) if target in e["parameters"].values()]
        self.assertGreaterEqual(len(harmed), 1, f"{where}: {target} was harmed")
        undone = [e for e in self.acting_calls(undoes) if target in e["parameters"].values()] if undoes else []
        if undoes:
            self.assertGreaterEqual(len(undone), 1, f"{where}: {target} was put back")
            self.assertLess(max(e["t_ns"] for e in harmed), min(e["t_ns"] for e in undone),
                            f"{where}: {target} was not harmed again once it was being put back")
        if shows:
            seen = [e for e in self.truth(shows) if target in (e.get("instance"), e.get("target"))]
            self.assertEqual(len(seen), 1, f"{where}: {shows} {seen}")
        self.check_gaps(status, name, deaths, where)
        return len(harmed) - 1 + max(0, len(undone) - 1)

    def check_gaps(self, status, name, deaths, where):
        """What nobody could watch while the controller was dead is told."""
        anchor = status["anchor"]
        offset = anchor["monotonic"] - nanoseconds(anchor["wall"])
        gaps = [(nanoseconds(g["start"]) + offset, nanoseconds(g["end"]) + offset)
                for g in status["recovery"]["gaps"]]
        for died, resumed, phases in deaths:
            if phases.get(name) in WATCHING:
                self.assertTrue([g for g in gaps if g[0] <= died and g[1] >= resumed],
                                f"the gap from {died} to {resumed} ({phases[name]}) is told: {gaps}\n{where}")

    def check_world(self):
        """Nothing of a fault is left: who was stopped runs, who was taken out is in again, nothing is suspended."""
        for name, kind, target, _ in self.declared:
            if kind == "stop":
                self.eventually(f"{target} runs", lambda t=target: self.state_of(t) == "running")
            elif kind == "deregister":
                self.eventually(f"{target} is registered", lambda t=target: t in self.health())
            elif kind == "suspend":
                group = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[target])["AutoScalingGroups"][0]
                self.assertEqual(group["SuspendedProcesses"], [], target)

    def check_cap(self):
        """Fifty of fifty a day are used: none was counted twice, or one of the fifty had been refused; and none was
        forgotten, or this one would be let through."""
        answer = self.caller.answer("POST", self.at("experiments/stop-0/run"), {"reason": "one too many"})
        if answer[0] < 300:
            run = self.until_phase(json.loads(answer[2])["metadata"]["name"], "Done")
            self.assertNotIn("reverted", [i["state"] for i in run["status"]["injections"]], run)
            said = json.dumps(run["status"])
        else:
            said = answer[2]
        self.assertRegex(said, "24 hours|a day|maxTargetsPerDay", said)

    def check_watchers(self):
        """Each saw exactly the changes that the store logged since it began, in their order."""
        version = int(self.caller.ask("GET", self.at("runs"))["metadata"]["resourceVersion"])
        self.writer.end()
        self.assertEqual(self.writer.wrong, [])
        for name, number in self.writer.known.items():
            self.assertEqual(self.writer.state(name), number, name)
        with sqlite3.connect(f"file:{os.path.join(self.data, 'rebound.db')}?mode=ro", uri=True) as store:
            logged = store.execute("SELECT version, upper(change), name, kind FROM changes WHERE version > ? "
                                   "ORDER BY version", [self.since]).fetchall()
        self.assertEqual(logged[0][0], self.since + 1, "the log still holds everything since the watchers began")
        last = max(row[0] for row in logged)
        for watcher in self.watchers:
            kind = "Run" if watcher.path.endswith("runs") else "Experiment"
            wanted = [row[:3] for row in logged if row[3] == kind]
            self.eventually(f"the watcher of {kind} comes to {wanted[-1]} of {version}, {last}",
                            lambda w=watcher, end=wanted[-1][0]: w.events and w.events[-1][0] >= end)
            watcher.end()
            self.assertEqual(watcher.wrong, [])
            seen = [e for e in watcher.events if e[0] <= last]
            self.assertEqual([e for e in seen if e not in set(wanted)], [], "no event was invented")
            self.assertEqual([e for e in wanted if e not in set(seen)], [], "no event was lost")
            self.assertEqual(seen, wanted)
        return (f"{self.writer.answered} answered and {self.writer.unanswered} unanswered writes, "
                f"{[len(w.events) for w in self.watchers]} events over "
                f"{[w.broken for w in self.watchers]} broken watches")

    def check_store(self):
        """By the programs that an operator has, on the store of the controller that has ended."""
        store = os.path.join(self.data, "rebound.db")
        for command in (("audit", "verify"), ("store", "check")):
            done = self.rebound(*command, "--store", store)
            self.assertEqual(done.code, 0, done)
        with sqlite3.connect(store) as opened:
            self.assertEqual(opened.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(opened.execute("PRAGMA foreign_key_check").fetchall(), [])
